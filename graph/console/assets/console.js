// What a page does without asking the server: a key that leads to the question, and one that closes a passage.
let opener = null;
document.addEventListener("click", (event) => {
  opener = event.target.closest("[data-act=cite]") || opener;
});
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    const field = document.getElementById("question") || document.querySelector("[data-first]");
    if (field) { event.preventDefault(); field.focus(); }
  }
  const close = event.key === "Escape" && document.querySelector("[data-act=close]");
  if (close) { close.click(); opener?.focus(); }
});
