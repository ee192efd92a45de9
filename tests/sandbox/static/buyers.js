/* buyers.js: the people who write to the bot: switching, adding, changing, blocking, unread marks. */
import { get, post } from "./api.js";
import { byId, childrenSet, el, icon, recall, remember } from "./dom.js";
import { chatOpen, chatUser } from "./talk.js";
import { toast } from "./toast.js";
import { t } from "./words.js";

const COLOURS = 6; /* of avatars, in chat.css */
const ASK_AGAIN_MS = 300; /* several events of one moment are one question */

const state = {
	users: [],
	current: null,
	unread: new Map(),
	tabs: new Map(),
	changed: () => {},
};

export const buyerCurrent = () => state.users.find((user) => user.id === state.current);
export const buyerName = (id) =>
	state.users.find((user) => user.id === id)?.first_name ?? String(id);
export const buyersAll = () => state.users;

const failed = (error) => toast(t("failed", error.message));

/* ---- unread ---- */

const readKey = (id) => `read-${id}`;

/* Everything in the chat that is open is read. */
export function buyerRead(id, messages) {
	const last = messages.at(-1)?.message_id ?? 0;
	if (id === state.current) remember(readKey(id), last);
	const read = Number(recall(readKey(id)) ?? 0);
	const mine = messages.filter(
		(one) => one.from_bot && one.message_id > (read > last ? 0 : read),
	).length;
	if (state.unread.get(id) === mine) return;
	state.unread.set(id, mine);
	tabsShow();
}

const asked = new Map();

/* Something happened to a buyer whose chat is not open: look whether there is news. */
export function buyerTouched(id) {
	if (id === state.current || asked.has(id)) return;
	if (!state.users.some((user) => user.id === id)) {
		buyersAsk();
		return;
	}
	asked.set(
		id,
		setTimeout(async () => {
			asked.delete(id);
			const chat = await get(`/api/chats/${id}?after=0&wait=0`).catch(
				() => null,
			);
			if (chat)
				buyerRead(
					id,
					[...chat.messages].sort(
						(a, b) => a.message_id - b.message_id,
					),
				);
		}, ASK_AGAIN_MS),
	);
}

/* ---- the row of buyers ---- */

const initials = (user) =>
	[...user.first_name][0].toUpperCase() +
	([...(user.last_name ?? "")][0] ?? "").toUpperCase();

function tabNode(user) {
	const unread = user.id === state.current ? 0 : (state.unread.get(user.id) ?? 0);
	return el(
		"button",
		{
			type: "button",
			class: "buyer",
			"data-testid": "buyer",
			"data-id": user.id,
			"data-unread": unread,
			"aria-pressed": String(user.id === state.current),
			title: user.blocked ? `${user.first_name}: ${t("blocked")}` : null,
			onclick: () => buyerOpen(user.id),
		},
		el(
			"span",
			{
				class: `avatar c${Math.abs(user.id) % COLOURS}`,
				"aria-hidden": "true",
			},
			initials(user),
		),
		el(
			"span",
			{ class: "buyer-name" },
			el("b", { dir: "auto" }, user.first_name),
			el(
				"span",
				{},
				user.language_code || "—",
				user.blocked && " · ",
				user.blocked && icon("ban"),
			),
		),
		unread > 0 &&
			el(
				"span",
				{ class: "badge" },
				String(unread),
				el(
					"span",
					{ class: "out-of-sight" },
					t("buyer_unread", unread),
				),
			),
	);
}

function tabsShow() {
	const nodes = state.users.map((user) => {
		const drawn = JSON.stringify([
			user,
			user.id === state.current,
			state.unread.get(user.id),
		]);
		const had = state.tabs.get(user.id);
		if (had?.drawn === drawn) return had.node;
		const node = tabNode(user);
		if (had?.node.contains(document.activeElement))
			queueMicrotask(() => node.focus());
		state.tabs.set(user.id, { drawn, node });
		return node;
	});
	childrenSet(byId("buyers"), nodes);
	const user = buyerCurrent();
	byId("buyer-block").lastElementChild.textContent = t(
		user?.blocked ? "unblock" : "block",
	);
}

export function buyerOpen(id) {
	state.current = id;
	remember("buyer", id);
	byId("buyer-menu").open = false;
	byId("deep").open = false;
	tabsShow();
	/* Only now: news must not move the row under a finger. */
	state.tabs
		.get(id)
		?.node.scrollIntoView({ block: "nearest", inline: "nearest" });
	chatOpen(buyerCurrent());
	state.changed();
}

export async function buyersAsk() {
	const users = await get("/api/users").catch(() => null);
	if (!users) return;
	state.users = users;
	if (!buyerCurrent() && users.length) {
		const last = Number(recall("buyer"));
		buyerOpen(users.find((user) => user.id === last)?.id ?? users[0].id);
	} else if (buyerCurrent()) {
		chatUser(buyerCurrent());
	}
	tabsShow();
	state.changed();
	for (const user of users) buyerTouched(user.id);
}

/* ---- adding and changing ---- */

function formOpen(user) {
	const form = byId("buyer-form");
	form.reset();
	for (const name of ["first_name", "last_name", "username", "language_code"]) {
		const field = form.elements[name];
		const value = user ? (user[name] ?? "") : name === "language_code" ? "uk" : "";
		if (
			field.tagName === "SELECT" &&
			![...field.options].some((one) => one.value === value)
		)
			field.append(el("option", { value }, value));
		field.value = value;
	}
	form.dataset.id = user?.id ?? "";
	byId("buyer-title").textContent = t(user ? "buyer_edit" : "buyer_new");
	byId("buyer-save").textContent = t(user ? "save" : "add");
	byId("buyer-menu").open = false;
	byId("buyer-dialog").showModal();
}

async function formSend(event) {
	event.preventDefault();
	const form = event.currentTarget;
	const person = Object.fromEntries(new FormData(form));
	if (form.dataset.id) person.id = Number(form.dataset.id);
	try {
		const saved = await post("/api/users", person);
		byId("buyer-dialog").close();
		await buyersAsk();
		if (!form.dataset.id) buyerOpen(saved.id);
	} catch (error) {
		failed(error);
	}
}

async function act(path, body) {
	byId("buyer-menu").open = false;
	try {
		await post(`/api/users/${state.current}/${path}`, body);
		await buyersAsk();
	} catch (error) {
		failed(error);
	}
}

/* CHANGED() is called when the list or the one who is looked at changes. */
export function buyersStart({ changed }) {
	state.changed = changed;
	byId("buyer-add").addEventListener("click", () => formOpen(null));
	byId("buyer-edit").addEventListener("click", () => formOpen(buyerCurrent()));
	byId("buyer-cancel").addEventListener("click", () => byId("buyer-dialog").close());
	byId("buyer-form").addEventListener("submit", formSend);
	byId("buyer-block").addEventListener("click", () =>
		act("block", { blocked: !buyerCurrent().blocked }),
	);
	byId("unblock").addEventListener("click", () => act("block", { blocked: false }));
	byId("chat-clear").addEventListener("click", () => act("clear"));
}
