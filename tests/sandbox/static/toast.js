/* toast.js: a line that says what happened and goes, and the alert of a callback answer. */
import { byId } from "./dom.js";

const SHOWN_MS = 3500;
let timer;

export function toast(text) {
	const node = byId("toast");
	node.textContent = text;
	node.hidden = false;
	clearTimeout(timer);
	timer = setTimeout(() => (node.hidden = true), SHOWN_MS);
}

/* Several alerts are shown one after another. */
const waiting = [];
export function alertShow(text) {
	const dialog = byId("alert");
	if (dialog.open) {
		waiting.push(text);
		return;
	}
	byId("alert-text").textContent = text;
	dialog.showModal();
	dialog.addEventListener("close", () => waiting.length && alertShow(waiting.shift()), {
		once: true,
	});
}
