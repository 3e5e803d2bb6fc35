// Who serves the page: `llama serve`, or a host of static files, whose copy says so in its HTML.

/** Whether the page comes from a host of static files, which answers nothing, and whose policy lets it fetch from elsewhere. */
export function isStaticPage(): boolean {
  return document.querySelector('meta[name="llama-page"][content="static"]') !== null;
}
