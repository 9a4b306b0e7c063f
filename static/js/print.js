// The browser's own way to print is hard to find on a phone.
document.addEventListener("click", event => {
  if (event.target.closest(".printer")) print();
});
