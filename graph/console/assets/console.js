// What a page does without asking the server: a key that leads to the question.
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    const field = document.getElementById("question") || document.querySelector("[data-first]");
    if (field) { event.preventDefault(); field.focus(); }
  }
});
