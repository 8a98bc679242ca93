// Elements from values. Text only ever becomes a text node: what an alert says can never become markup.

export function element(name, attributes = {}, children = []) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined && value !== "") made.setAttribute(key, value);
  for (const child of children) made.append(child instanceof Node ? child : document.createTextNode(String(child ?? "")));
  return made;
}

// The list shows these buttons in this order; a row that says the same stays in place, and so does the focus.
export function rows(list, buttons) {
  const focused = document.activeElement?.dataset?.id;
  const held = new Map([...list.children].map((line) => [line.firstChild.dataset.id, line]));
  const wanted = buttons.map((button) => {
    const line = held.get(button.dataset.id);
    if (line && line.firstChild.isEqualNode(button)) return line;
    return element("li", {}, [button]);
  });
  if (wanted.length === list.children.length && wanted.every((line, at) => list.children[at] === line)) return;
  list.replaceChildren(...wanted);
  if (focused && document.activeElement === document.body) list.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus();
}

export function pairs(entries) {
  const list = element("dl");
  for (const [name, value] of entries) if (value !== "" && value !== null && value !== undefined) list.append(element("dt", {}, [name]), element("dd", {}, [value]));
  return list;
}

// `name` is what a screen reader calls the table; the heading above it tells it to the eye.
export function table(name, heads, lines) {
  const head = element("tr", {}, heads.map((text) => element("th", { scope: "col" }, [text])));
  const body = lines.map((cells) => element("tr", {}, cells.map((cell) => element("td", {}, [cell]))));
  const made = element("table", {}, [element("thead", {}, [head]), element("tbody", {}, body)]);
  return element("div", { class: "table", tabindex: "0", role: "region", "aria-label": name }, [made]);
}
