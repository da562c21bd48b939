"use strict";
(() => {
  const form = document.getElementById("filter");
  const table = document.getElementById("clauses");

  // The filter lives in the address, after the #, where a page opened from disk may change it.
  // "verdict=fail&find=lock&sort=-held" is a filter; "A3" is a place on the page.
  const fields = ["verdict", "strength", "find"];
  const sorts = ["place", "verdict", "held", "strength"];
  let sort = "place";

  const read = () => {
    const text = location.hash.slice(1);
    if (text && !text.includes("=")) return false;
    const given = new URLSearchParams(text);
    for (const name of fields) form.elements[name].value = given.get(name) ?? "";
    for (const name of ["verdict", "strength"]) {
      if (form.elements[name].selectedIndex < 0) form.elements[name].value = "";
    }
    const wanted = given.get("sort") ?? "place";
    sort = sorts.includes(wanted.replace(/^-/, "")) ? wanted : "place";
    return true;
  };

  const write = () => {
    const state = new URLSearchParams();
    for (const name of fields) {
      const value = form.elements[name].value;
      if (value) state.set(name, value);
    }
    if (sort !== "place") state.set("sort", sort);
    history.replaceState(null, "", `#${state}`);
  };

  const show = () => {
    const [verdict, strength, find] = fields.map((name) => form.elements[name].value);
    const word = find.trim().toLowerCase();
    const rows = [...table.tBodies[0].rows];
    let shown = 0;
    for (const row of rows) {
      const fits =
        (!verdict || row.dataset.verdict === verdict) &&
        (!strength || row.dataset.strength === strength) &&
        (!word || row.textContent.toLowerCase().includes(word));
      row.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    document.getElementById("shown").textContent = `${shown} of ${rows.length} clauses shown`;
    order(rows);
  };

  const order = (rows) => {
    const down = sort.startsWith("-");
    const name = sort.replace(/^-/, "");
    const number = name === "place" || name === "held";
    rows.sort((one, two) => {
      const [a, b] = [one.dataset[name], two.dataset[name]];
      const by = number ? a - b : a.localeCompare(b);
      return (down ? -by : by) || one.dataset.place - two.dataset.place;
    });
    table.tBodies[0].append(...rows);
    for (const head of table.querySelectorAll("th[data-sort]")) {
      const mine = head.dataset.sort === name;
      head.setAttribute("aria-sort", mine ? (down ? "descending" : "ascending") : "none");
    }
  };

  if (form && table) {
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    for (const kind of ["input", "change"]) {
      form.addEventListener(kind, () => { write(); show(); });
    }
    form.addEventListener("reset", () => {
      setTimeout(() => { sort = "place"; write(); show(); });
    });
    for (const head of table.querySelectorAll("th[data-sort]")) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const name = head.dataset.sort;
        sort = sort === name ? `-${name}` : name;
        write();
        show();
      });
    }
    // A filter in the address is about the ledger: whoever follows such a link is led there.
    const lead = () => {
      if (!read()) return false;
      show();
      if (!location.hash.includes("=")) return false;
      document.getElementById("ledger").scrollIntoView();
      return true;
    };
    addEventListener("hashchange", () => {
      if (lead()) table.parentElement.focus({ preventScroll: true });
    });
    for (const link of document.querySelectorAll("a[data-filter]")) {
      link.href = `#${link.dataset.filter}`;
    }
    show();
    lead();
  }

  // The comparison: one box, and it lives in the address too.
  const differing = document.getElementById("differing");
  if (differing) {
    const box = differing.elements.differ;
    const narrow = () => {
      for (const row of document.getElementById("cells").tBodies[0].rows) {
        row.hidden = box.checked && !("differs" in row.dataset);
      }
    };
    const look = () => { box.checked = location.hash === "#differ"; narrow(); };
    differing.hidden = false;
    differing.addEventListener("submit", (event) => event.preventDefault());
    box.addEventListener("change", () => {
      history.replaceState(null, "", box.checked ? "#differ" : "#");
      narrow();
    });
    addEventListener("hashchange", look);
    look();
  }

  const copied = async (button, text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without a permission the old way still works: copy what is selected.
      getSelection().selectAllChildren(button.previousElementSibling);
      document.execCommand("copy");
    }
    const before = button.dataset.copy;
    button.textContent = "Copied";
    const said = document.getElementById("said");
    said.textContent = "Copied";
    setTimeout(() => { button.textContent = before; said.textContent = ""; }, 1500);
  };

  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.dataset.copy = button.textContent;
    button.addEventListener("click", () => copied(button, button.previousElementSibling.textContent));
  }

  // On paper nothing can be opened: open everything, and close it again afterwards.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => { for (const one of closed) one.open = false; });
})();
