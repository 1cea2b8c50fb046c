"""Fifty strings that a page must give back as text."""

from urllib.parse import quote

WORD = "zqx"
"""What stands in each of them, so that it is found again."""

HOSTILE: tuple[str | bytes, ...] = (
    # Elements that run something, alone and out of what they are put in.
    "<script>alert('zqx')</script>",
    "</title><script>alert('zqx')</script>",
    "</textarea><script>alert('zqx')</script>",
    "</select></option><img src=x onerror=alert('zqx')>",
    "--><script>alert('zqx')</script><!--",
    "]]><script>alert('zqx')</script>",
    "<scr<script>ipt>alert('zqx')</scr</script>ipt>",
    "<SCRIPT SRC=//zqx.example/a.js></SCRIPT>",
    "<img src=x onerror=alert('zqx')>",
    "<img src='https://zqx.example/a.png'>",
    "<svg onload=alert('zqx')>",
    "<svg><script>alert('zqx')</script></svg>",
    "<svg><a xlink:href=\"javascript:alert('zqx')\"><text>x</text></a></svg>",
    "<math><mtext><mglyph><style><img src=x onerror=alert('zqx')>",
    "<iframe srcdoc=\"<script>alert('zqx')</script>\"></iframe>",
    "<object data=\"javascript:alert('zqx')\"></object>",
    "<embed src=\"data:text/html,<script>alert('zqx')</script>\">",
    "<base href=//zqx.example/>",
    "<meta http-equiv=refresh content=\"0;url=javascript:alert('zqx')\">",
    "<link rel=stylesheet href=//zqx.example/a.css>",
    "<style>@import '//zqx.example/a.css';</style>",
    "<form action=//zqx.example/><button autofocus>zqx</button></form>",
    "<details open ontoggle=alert('zqx')>",
    "<input autofocus onfocus=alert('zqx')>",
    "<body onpageshow=alert('zqx')>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert('zqx')>\">",
    "<template shadowrootmode=open><script>alert('zqx')</script></template>",
    # Out of an attribute, with each kind of quotation mark and with none.
    '" onmouseover="alert(\'zqx\')" autofocus onfocus="alert(\'zqx\')" x="',
    "' autofocus onfocus='alert(`zqx`)' x='",
    "x autofocus onfocus=alert`zqx`",
    '"><img src=x onerror=alert(`zqx`)>',
    "`-alert('zqx')-`",
    # Addresses.
    "javascript:alert('zqx')",
    "JaVaScRiPt:/*zqx*/alert(1)",
    "data:text/html,<script>alert('zqx')</script>",
    "//zqx.example/%2e%2e",
    # What other languages would take for their own: templates, SQL, formulae, headers, paths.
    "{{zqx.__class__.__mro__}}{%include 'zqx'%}${7*7}#{7*7}",
    "%s%n%x%d{0.__class__}zqx",
    "zqx'); DROP TABLE entries; --",
    '=HYPERLINK("//zqx.example","zqx")',
    "zqx\r\nSet-Cookie: zqx=1\r\n\r\n<script>alert('zqx')</script>",
    "../../../../etc/passwd%00zqx",
    # Already escaped, once and twice.
    "&lt;script&gt;alert('zqx')&lt;/script&gt;&#x3c;img src=x&#x3e;",
    "%3Cscript%3Ealert('zqx')%3C/script%3E",
    # Text that is not what it looks like: turned round, look-alikes, nothing to be seen, marks.
    "zqx\u202e\u2066<script>alert(1)</script>\u2069\u202c\u200f",
    "zqx\uff1cscript\uff1ealert(1)\uff1c/script\uff1e \u0440\u0430\u0443\u0440\u0430\u0456 \u01c3",
    "zqx\x00<script>alert(1)</script>\x00\x1b[31m\x7f",
    "zqx\u200b\u00ad\ufeff\U000e0041" + "e" + "\u0323\u0302" * 40,
    # Too long, and no text at all.
    "zqx" + "<b>" * 700,
    b"zqx\xff\xfe\xc0\xbcscript\xc0\xbe\xed\xa0\x80",
)


def put(address: str, name: str, value: str | bytes) -> str:
    """Return an address that asks this as a parameter, and whatever else it asked before."""
    path, _, query = address.partition("?")
    others = [each for each in query.split("&") if each and not each.startswith(f"{name}=")]
    return f"{path}?{'&'.join([*others, name])}={quote(value, safe='')}"
