/* api.js: what the page asks the sandbox (../API.md). */

const WAIT_S = 25; /* a long poll; the browser keeps at most six connections to a host */
const SLACK_S = 10; /* beyond it the sandbox is taken for dead */

class Refused extends Error {
	constructor(status, text) {
		super(text);
		this.status = status;
	}
}

async function ask(path, options = {}) {
	const limit = AbortSignal.timeout((options.wait ?? 0) * 1000 + SLACK_S * 1000);
	const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
	const response = await fetch(path, { ...options, signal, cache: "no-store" });
	const body = await response.json().catch(() => null);
	if (!response.ok)
		throw new Refused(response.status, body?.error ?? `HTTP ${response.status}`);
	return body;
}

export const get = (path, options) => ask(path, options);

export const post = (path, body = {}) =>
	ask(path, {
		method: "POST",
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify(body),
		wait: 20,
	});

const sleep = (ms, signal) =>
	new Promise((done) => {
		const timer = setTimeout(done, ms);
		signal?.addEventListener("abort", () => (clearTimeout(timer), done()), {
			once: true,
		});
	});

/* Whether the sandbox answers, for whoever shows it. */
const connection = { up: true, listeners: [] };
export const connectionWatch = (listener) => connection.listeners.push(listener);
function connectionSet(up) {
	if (connection.up === up) return;
	connection.up = up;
	for (const listener of connection.listeners) listener(up);
}

/*
 * Follow PATH(after, wait) from START until SIGNAL.  TAKE(answer, fresh) uses an answer and returns
 * the next AFTER.  When the sandbox was away, everything is asked anew: it may count from the beginning.
 */
export async function follow({ path, take, signal, start = 0 }) {
	let after = start;
	let fresh = true;
	let pause = 250;
	while (!signal.aborted) {
		/* A hidden page holds no connection: several open pages would use them all up. */
		const wait = fresh || document.hidden ? 0 : WAIT_S;
		const started = performance.now();
		try {
			const answer = await get(path(after, wait), { signal, wait });
			if (signal.aborted) return;
			const next = take(answer, fresh);
			const idle =
				!fresh && next === after && performance.now() - started < 1000;
			after = next;
			fresh = false;
			pause = 250;
			connectionSet(true);
			if (idle || document.hidden) await sleep(1000, signal);
		} catch (error) {
			if (signal.aborted) return;
			if (!(error instanceof Refused)) connectionSet(false);
			fresh = true;
			after = start;
			await sleep(pause, signal);
			pause = Math.min(pause * 2, 3000);
		}
	}
}
