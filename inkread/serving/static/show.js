// What was read, shown: the number, its digits, their bars and boxes.

const DOUBTFUL = 0.9;

// Never rounded up to certainty.
export function percent(share) {
  return `${(Math.floor(share * 1000) / 10).toFixed(1)} %`;
}

export function doubtful(digit) {
  return digit.value === null || digit.confidence < DOUBTFUL;
}

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// All digits of all pages, each with the place it has: page, line, and which of how many.
export function digitsOf(pages) {
  return pages.flatMap((page) => page.lines.flatMap((line) => line.digits.map((digit) => ({ digit, line, page }))));
}

// The next likely readings of a digit, in words; nothing when it is sure.
export function others(digit) {
  if (!doubtful(digit)) return "";
  const ranked = digit.probabilities.map((p, i) => [p, i]).sort((a, b) => b[0] - a[0]);
  const shown = digit.value === null ? ranked.slice(0, 3) : ranked.slice(1, 3);
  return shown.filter(([p]) => p >= 0.01).map(([p, i]) => `${i} (${percent(p)})`).join(" or ");
}

export function textOf(pages) {
  return pages.map((page) => page.text).filter(Boolean).join("\n");
}

export function showReading(view, pages, { blank }) {
  const text = textOf(pages);
  const digits = digitsOf(pages);
  view.reading.textContent = text || (blank ? "" : "No number found");
  view.reading.className = `number${text ? "" : " none"}${text.length > 4 ? " long" : ""}`;
  view.sure.replaceChildren();
  view.sure.classList.toggle("doubtful", digits.some(({ digit }) => doubtful(digit)));
  if (text) {
    const confidence = pages.filter((page) => page.lines.length).reduce((product, page) => product * page.confidence, 1);
    view.sure.append(make("b", {}, percent(confidence)), " sure");
    if (digits.length === 1 && others(digits[0].digit)) view.sure.append(`, or ${others(digits[0].digit)}`);
  }
  const spoken = text ? `Read ${text.replace(/\n/g, ", ")}. ${view.sure.textContent}.` : view.reading.textContent;
  // The live region is told only what is new.
  if (view.spoken.textContent !== spoken) view.spoken.textContent = spoken;
}

export function showDigits(holder, pages, chosen, choose) {
  const all = digitsOf(pages);
  const parts = [];
  all.forEach(({ digit, line }, i) => {
    if (i > 0 && line !== all[i - 1].line) parts.push(make("hr"));
    const attributes = {
      class: doubtful(digit) ? "doubtful" : "",
      "aria-pressed": String(i === chosen),
      "aria-label": `${digit.label === "?" ? "Withheld" : digit.label}, ${percent(digit.confidence)}${doubtful(digit) ? `, doubtful; or ${others(digit)}` : ""}`,
      title: doubtful(digit) ? `or ${others(digit)}` : null,
      onclick: () => choose(i),
    };
    parts.push(make("button", attributes, make("b", {}, digit.label), make("small", {}, percent(digit.confidence))));
  });
  fill(holder, all.length > 1 ? parts : []);
}

// Puts new children in the place of the old; who had the focus keeps it.
function fill(holder, children) {
  const focused = [...holder.children].indexOf(document.activeElement);
  holder.replaceChildren(...children);
  if (focused >= 0) holder.children[focused]?.focus();
}

// Where a picture of that size lies inside a sheet that contains it, in shares of the sheet.
export function placed(page, sheet) {
  const scale = Math.min(sheet.clientWidth / page.width, sheet.clientHeight / page.height);
  const [width, height] = [(page.width * scale) / sheet.clientWidth, (page.height * scale) / sheet.clientHeight];
  return { left: (1 - width) / 2, top: (1 - height) / 2, x: width / page.width, y: height / page.height };
}

export function showBoxes(holder, page, chosen, choose) {
  if (!page?.width) return holder.replaceChildren();
  const at = placed(page, holder);
  const boxes = digitsOf([page]).map(({ digit }, i) => {
    const caption = make("span", {}, `${digit.label}  ${percent(digit.confidence)}`);
    const look = { class: `box${doubtful(digit) ? " doubtful" : ""}`, "aria-pressed": choose ? String(i === chosen) : null };
    const attributes = choose ? { ...look, "aria-label": `${digit.label}, ${percent(digit.confidence)}`, onclick: () => choose(i) } : { ...look, "aria-hidden": "true" };
    return place(make(choose ? "button" : "div", attributes, caption), digit.box, at);
  });
  fill(holder, boxes);
}

export function place(element, box, at) {
  const top = at.top + box.top * at.y;
  element.style.left = `${100 * (at.left + box.left * at.x)}%`;
  element.style.top = `${100 * top}%`;
  element.style.width = `${100 * box.width * at.x}%`;
  element.style.height = `${100 * box.height * at.y}%`;
  element.classList.toggle("low", top < 0.06); // no room for the caption above
  return element;
}

export function showBars(list, digit) {
  const best = digit.probabilities.indexOf(Math.max(...digit.probabilities));
  const rows = digit.probabilities.map((p, i) => {
    const row = list.children[i] ?? make("li", {}, make("b"), make("i", { "aria-hidden": "true" }), make("span"));
    row.className = i === best ? "best" : "";
    row.children[0].textContent = String(i);
    row.children[1].style.setProperty("--p", p.toFixed(4));
    row.children[2].textContent = percent(p);
    return row;
  });
  list.replaceChildren(...rows);
}
