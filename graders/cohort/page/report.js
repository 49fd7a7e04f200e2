"use strict";
(() => {
  const list = document.getElementById("list");
  if (!list) return;
  const rows = Array.from(list.children);
  const form = document.getElementById("filter");
  const head = document.getElementById("head");
  const shown = document.getElementById("shown");
  const text = new Map(rows.map((row) => [row, row.querySelector("b").textContent.toLowerCase()]));
  const empty = document.getElementById("none");
  const filter = () => {
    const words = form.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const state = form.elements.state.value;
    const check = form.elements.check.value;
    const group = form.elements.group ? form.elements.group.value : "";
    let count = 0;
    for (const row of rows) {
      const fits = (!state || row.dataset.t === state)
        && (!check || ` ${row.dataset.c || ""} `.includes(` ${check} `))
        && (!group || (row.dataset.g || "") === group)
        && words.every((word) => text.get(row).includes(word));
      row.hidden = !fits;
      count += fits;
    }
    shown.textContent = `${count} of ${rows.length}`;
    empty.hidden = count > 0;
  };
  const collator = new Intl.Collator(undefined, { numeric: true });
  let order = { key: "", down: false };
  const sort = (button) => {
    const key = button.dataset.key;
    order = { key, down: order.key === key && !order.down };
    for (const other of head.querySelectorAll("button")) other.removeAttribute("data-on");
    button.dataset.on = order.down ? "down" : "up";
    const words = key === "n" || key === "t";
    const value = (row) => key === "n" ? text.get(row) : words ? row.dataset[key] : parseFloat(row.dataset[key]);
    const values = new Map(rows.map((row) => [row, value(row)]));
    const sign = order.down ? -1 : 1;
    rows.sort((one, other) => {
      const [a, b] = [values.get(one), values.get(other)];
      if (words) return sign * collator.compare(a, b);
      if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
      return sign * (a - b);
    });
    const sorted = document.createDocumentFragment();
    sorted.append(...rows);
    list.append(sorted);
  };
  // Without this script they would be buttons that do nothing.
  for (const cell of head.children) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.key = cell.dataset.key;
    button.textContent = cell.textContent;
    cell.replaceChildren(button);
  }
  const open = document.getElementById("open");
  open.addEventListener("click", () => {
    const seen = rows.filter((row) => !row.hidden);
    const all = seen.every((row) => row.open);
    for (const row of seen) row.open = !all;
  });
  document.getElementById("all").addEventListener("click", () => form.reset());
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("change", filter);
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => event.preventDefault());
  head.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) sort(button);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-check]");
    if (!link) return;
    form.reset();
    form.elements.check.value = link.dataset.check;
    setTimeout(filter);
  });
  const reveal = () => {
    const target = location.hash.startsWith("#s") && document.getElementById(location.hash.slice(1));
    const row = target && target.closest(".s");
    if (!row) return;
    row.hidden = false;
    row.open = true;
    row.scrollIntoView();
  };
  window.addEventListener("hashchange", reveal);
  filter();
  reveal();
})();
