// Who reads: the server that this page came from. A folder written by `inkread serve --static` has another file in this
// place, with the same names, that reads in the browser.

export const features = { pictures: true, server: true, numbers: true };
export const privacy = "What you write is read on the machine that served this page, and kept nowhere.";

export class Away extends Error {}
export class NeedsKey extends Error {}
export class Refused extends Error {}

const KEY = "inkread-key";

export function useKey(key) {
  sessionStorage.setItem(KEY, key);
}

// What is read, a canvas or a file, as the body of a request.
function bodyOf(source) {
  if (source instanceof HTMLCanvasElement) return new Promise((done) => source.toBlob(done, "image/png"));
  return source;
}

async function ask(path, options = {}) {
  const key = sessionStorage.getItem(KEY);
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  let answer;
  try {
    answer = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Away();
  }
  if (answer.ok) return answer.json();
  const problem = await answer.json().catch(() => ({}));
  if (answer.status === 401) throw new NeedsKey();
  if (answer.status === 503 || answer.status === 502 || answer.status === 504) throw new Away();
  throw new Refused(problem.detail ?? `The server answered ${answer.status}.`);
}

// The pages of a canvas or a file: see PageOut at /docs.
export async function read(source, signal) {
  return ask("v1/read", { method: "POST", body: await bodyOf(source), signal });
}

// The corner marks of an empty form: see MarksOut at /docs.
export function marks(source) {
  return ask("v1/marks", { method: "POST", body: source });
}

// What the network saw of one digit, or of the one in a box, and which part decided.
export async function explain(source, box, signal) {
  const query = box ? `?${new URLSearchParams(box)}` : "";
  return ask(`v1/explain${query}`, { method: "POST", body: await bodyOf(source), signal });
}

export async function modelName() {
  const [model] = await ask("v1/models");
  return `Model ${model.name} ${model.version}, ${model.parameters.toLocaleString("en")} parameters.`;
}

// Resolves when the server answers again.
export async function back() {
  for (;;) {
    await new Promise((done) => setTimeout(done, 1000));
    const answer = await fetch("health").catch(() => null);
    if (answer?.ok) return;
  }
}
