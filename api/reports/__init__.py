"""Reports: what a page answers, as a PDF/A-3 with the evidence bundle inside."""
