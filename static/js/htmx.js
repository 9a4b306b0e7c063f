// htmx takes no code out of a page: neither attributes that are evaluated nor
// <script> in an answer. (The Content-Security-Policy would refuse both.)
function refuse() { throw new Error("no code in pages"); }

htmx.registerExtension("strict", {
  init: api => api.initSecurity({createHTML: html => html, createScript: () => ""}, refuse, refuse),
});
