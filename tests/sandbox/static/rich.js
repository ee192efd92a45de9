/*
 * rich.js: a message's text as elements, by Telegram's entities (their offsets count UTF-16 units,
 * as JavaScript's strings do).
 */
import { copy, el } from "./dom.js";
import { t } from "./words.js";
import { toast } from "./toast.js";

const PLAIN = { bold: "b", italic: "i", underline: "u", strikethrough: "s", blockquote: "blockquote", expandable_blockquote: "blockquote" };

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

/* ONCOMMAND(text) sends text as the buyer; also a t.me link with ?start= is one. */
function link(url, children, onCommand) {
	let target = null;
	try {
		target = new URL(/^[a-z][a-z0-9+.-]*:/i.test(url) ? url : `https://${url}`);
	} catch {
		/* not an address: only its text */
	}
	if (!target || !["http:", "https:", "mailto:", "tel:"].includes(target.protocol)) return el("span", {}, children);
	const start = target.hostname === "t.me" ? target.searchParams.get("start") : null;
	return el(
		"a",
		{
			href: target.href,
			target: "_blank",
			rel: "noopener noreferrer",
			onclick: start !== null && ((event) => (event.preventDefault(), onCommand(`/start ${start}`))),
		},
		children,
	);
}

function wrap(entity, children, text, onCommand) {
	const { type } = entity;
	if (PLAIN[type]) return el(PLAIN[type], {}, children);
	switch (type) {
	case "code":
		return el("code", { ...activate(copyShown), title: t("copy") }, children);
	case "pre":
		return el("pre", { ...activate(copyShown), title: t("copy") }, children);
	case "spoiler":
		return el(
			"span",
			{
				class: "spoiler",
				title: t("spoiler"),
				...activate((event) => event.currentTarget.classList.add("shown")),
			},
			children,
		);
	case "url":
		return link(text, children, onCommand);
	case "email":
		return link(`mailto:${text}`, children, onCommand);
	case "phone_number":
		return link(`tel:${text}`, children, onCommand);
	case "text_link":
		return link(entity.url ?? "", children, onCommand);
	case "bot_command":
		return el("button", { type: "button", class: "command", onclick: () => onCommand(text) }, children);
	default:
		return el("span", {}, children);
	}
}

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
			nodes.push(wrap(entity, build(start, end), text.slice(start, end), onCommand));
			at = end;
		}
		if (at < to) nodes.push(text.slice(at, to));
		return nodes;
	};
	return build(0, text.length);
}
