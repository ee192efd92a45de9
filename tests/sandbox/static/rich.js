/*
 * rich.js: a message's text as elements, by Telegram's entities (their offsets count UTF-16 units,
 * as JavaScript's strings do).
 */
import { copy, el } from "./dom.js";
import { t } from "./words.js";
import { toast } from "./toast.js";

const activate = (act) => ({
	role: "button",
	tabindex: "0",
	onclick: act,
	onkeydown: (event) => {
		if (event.key !== "Enter" && event.key !== " ") return;
		event.preventDefault();
		act(event);
	},
});

async function copyShown(event) {
	const node = event.currentTarget;
	if (await copy(node.textContent)) toast(t("copied"));
}

const spoilerShow = (event) => event.currentTarget.classList.add("shown");

/* ONCOMMAND(text) sends text as the buyer; also a t.me link with ?start= is one. */
function link(url, children, onCommand) {
	let target = null;
	try {
		target = new URL(/^[a-z][a-z0-9+.-]*:/i.test(url) ? url : `https://${url}`);
	} catch {
		/* not an address: only its text */
	}
	if (!target || !["http:", "https:", "mailto:", "tel:"].includes(target.protocol))
		return el("span", {}, children);
	const start = target.hostname === "t.me" ? target.searchParams.get("start") : null;
	return el(
		"a",
		{
			href: target.href,
			target: "_blank",
			rel: "noopener noreferrer",
			onclick:
				start !== null &&
				((event) => (
					event.preventDefault(),
					onCommand(`/start ${start}`)
				)),
		},
		children,
	);
}

/* Each kind of entity as an element; kinds that are not here are their text alone. */
const plain = (tag) => (children) => el(tag, {}, children);
const copied = (tag) => (children) =>
	el(tag, { ...activate(copyShown), title: t("copy") }, children);
const linked = (prefix) => (children, text, entity, onCommand) =>
	link(entity.url ?? `${prefix}${text}`, children, onCommand);

const KINDS = {
	bold: plain("b"),
	italic: plain("i"),
	underline: plain("u"),
	strikethrough: plain("s"),
	blockquote: plain("blockquote"),
	expandable_blockquote: plain("blockquote"),
	code: copied("code"),
	pre: copied("pre"),
	url: linked(""),
	text_link: linked(""),
	email: linked("mailto:"),
	phone_number: linked("tel:"),
	spoiler: (children) =>
		el(
			"span",
			{ class: "spoiler", title: t("spoiler"), ...activate(spoilerShow) },
			children,
		),
	bot_command: (children, text, entity, onCommand) =>
		el(
			"button",
			{ type: "button", class: "command", onclick: () => onCommand(text) },
			children,
		),
};

/* MESSAGE's text as nodes; entities inside entities become elements inside elements. */
export function rich({ text = "", entities = [] }, onCommand) {
	const order = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
	let next = 0;
	const build = (from, to) => {
		const nodes = [];
		let at = from;
		while (next < order.length && order[next].offset < to) {
			const entity = order[next++];
			const start = Math.max(entity.offset, at);
			const end = Math.min(entity.offset + entity.length, to);
			if (end <= start) continue;
			if (start > at) nodes.push(text.slice(at, start));
			const inside = build(start, end);
			const kind = KINDS[entity.type] ?? plain("span");
			nodes.push(kind(inside, text.slice(start, end), entity, onCommand));
			at = end;
		}
		if (at < to) nodes.push(text.slice(at, to));
		return nodes;
	};
	return build(0, text.length);
}
