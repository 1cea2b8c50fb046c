"""What no page of the explorer holds."""

import re

INLINE = re.compile(
    r'<script(?! type="module" src="/static/)|<style|style=|javascript:|\son[a-z]+='
)
"""A style or a script within the page, or one that is loaded and is not ours."""
