// Keys: "/" find, j and k along the rows, Enter opens (the row's link has the focus), others by data-key.
"use strict";
document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  if (typing || event.ctrlKey || event.altKey || event.metaKey) {
    return;
  }
  const marked = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (marked) {
    event.preventDefault();
    if (marked.tagName === "INPUT") {
      marked.focus();
    } else {
      marked.click();
    }
    return;
  }
  if (event.key === "j" || event.key === "k") {
    const links = [...document.querySelectorAll(".row .open")];
    const place = links.indexOf(document.activeElement);
    const next = event.key === "j" ? place + 1 : Math.max(place - 1, 0);
    if (links[next]) {
      links[next].focus();
    }
  }
});
