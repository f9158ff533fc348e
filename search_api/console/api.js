// Asks the API of the same server; the token is kept for this browser tab only.

import { t } from "./language.js";
import { problemText } from "./problems.js";

const STORED = "zhian-token";
const addresses = new Map(); // which part of the page shows which pictures, released with the next content
let signedOut = () => {};

export const hasToken = () => Boolean(sessionStorage.getItem(STORED));
export const keepToken = (token) => sessionStorage.setItem(STORED, token);
export const dropToken = () => sessionStorage.removeItem(STORED);
export const whenSignedOut = (told) => { signedOut = told; };

export async function ask(path, options = {}) {
  const headers = { ...options.headers, Authorization: `Bearer ${sessionStorage.getItem(STORED) || ""}` };
  const reply = await fetch(path, { ...options, headers });
  if (reply.status === 401) {
    signedOut();
    throw new Error(t("令牌无效。", "The token is not valid."));
  }
  if (!reply.ok) {
    const problem = await reply.json().catch(() => ({ detail: `HTTP ${reply.status}` }));
    throw Object.assign(new Error(problemText(problem)), { status: reply.status });
  }
  return reply;
}

export const asked = async (path, options) => (await ask(path, options)).json();

export function send(method, path, body) {
  return ask(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
}

// Pictures need the token too, so they are fetched and shown from memory.
export function showPicture(image, path, owner) {
  ask(path).then((reply) => reply.blob()).then((blob) => showBlob(image, blob, owner))
    .catch(() => { image.alt = t("图片缺失", "no picture"); image.src = "data:,"; }); // so that the words are shown
}

export function showBlob(image, blob, owner) {
  const address = URL.createObjectURL(blob);
  if (!addresses.has(owner)) addresses.set(owner, []);
  addresses.get(owner).push(address);
  image.src = address;
}

export function releasePictures(owner) {
  for (const address of addresses.get(owner) || []) URL.revokeObjectURL(address);
  addresses.delete(owner);
}
