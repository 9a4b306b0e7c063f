// What changes by itself is said to those who can't see it. The region, and all
// words that script has to say, are in the page: the server knows the language.
const region = document.getElementById("said");
const words = region.dataset;
let saying;

function say(text) {
  clearTimeout(saying);
  region.textContent = "";
  saying = setTimeout(() => { region.textContent = text; }, 100); // so that the same words are said again
}
