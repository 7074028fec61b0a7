import type { RecordedRequest } from '../emulator';

/** What the workflows send to customers, in words for the terminal. */

const POLL_MS = 200;

/** Calls `tell` for every reply, also for those that were refused, and for those that the emulator does not know. */
export function watchReplies(
	requests: readonly RecordedRequest[],
	name: string,
	tell: (sentence: string) => void,
): void {
	const told = new WeakSet<RecordedRequest>();
	setInterval(() => {
		for (const request of requests) {
			// Without a status, the answer is still to come.
			if (told.has(request) || !request.status) continue;
			told.add(request);
			const sentence = describe(request, name);
			if (sentence) tell(sentence);
		}
	}, POLL_MS).unref();
}

function describe(
	{ operation, method, path, status, body }: RecordedRequest,
	name: string,
): string | undefined {
	if (method !== 'POST') return undefined;
	if (operation === 'unknown')
		return `A workflow called POST ${path}, which the demo does not simulate for ${name}. To try replies, run npm run demo.`;
	if (operation !== 'send') return undefined;
	if (status >= 400)
		return `Your workflow’s reply was refused with HTTP ${status}. The reason is in the output of the node that sent it: open the execution in the editor.`;
	return `Your workflow replied: ${content(body)}`;
}

const NAMES: Record<string, string> = { image: 'a photo', audio: 'audio' };

type Sent = {
	type?: string;
	text?: { body?: string };
	[type: string]: unknown;
};

function content(body = ''): string {
	const message = parsed(body);
	if (!message) return 'a message';
	const { type = 'text', text } = message;
	if (type === 'text') return `“${text?.body}”`;
	const { id, link, caption, voice } = (message[type] ?? {}) as Record<string, string | boolean>;
	const what = voice ? 'a voice note' : (NAMES[type] ?? `a ${type}`);
	const file = id ? ` (media ID ${id})` : link ? ` (${link})` : '';
	return `${what}${file}${caption ? ` “${caption}”` : ''}`;
}

function parsed(body: string): Sent | undefined {
	try {
		return JSON.parse(body) as Sent;
	} catch {
		return undefined;
	}
}
