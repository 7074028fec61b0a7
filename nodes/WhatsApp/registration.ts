import { sleep, type IHookFunctions } from 'n8n-workflow';

import { openAccount, type OpenAccount } from './account';
import { nodeError } from './perItem';
import { MediaRefusal, type Level, type Registration } from './providers/provider';

/**
 * The life of a trigger's webhook at the provider. One rule above all: a callback that is not this node's own is never
 * taken away.
 *
 * While one listens for a test event, a provider with a single place delivers to the test URL. What it delivered to before
 * stands in that URL itself, as `?previous=…`, so that whoever comes next can put it back: this process when the test
 * ends, or any other after this one was killed.
 */
export const registrationHooks = {
	async checkExists(this: IHookFunctions): Promise<boolean> {
		return await asNode(this, async (place) => !place || (await place.current()).some((url) => isSame(url, place.url)));
	},

	async create(this: IHookFunctions): Promise<boolean> {
		return await asNode(this, async (place) => {
			if (place) await (this.getMode() === 'manual' ? startTest(place) : activate(place));
			return true;
		});
	},

	/** n8n calls this for each HTTP method at once, and after whatever went wrong; it may find nothing to do. */
	async delete(this: IHookFunctions): Promise<boolean> {
		return await asNode(this, async (place) => {
			if (place) await release(place);
			return true;
		});
	},
};

/** This node's URL, and the provider's side of it. */
interface Place {
	url: string;
	exclusive: boolean;
	current: () => Promise<string[]>;
	register: (url: string) => Promise<void>;
	unregister: (url: string) => Promise<void>;
}

async function activate(place: Place): Promise<void> {
	const [holder] = place.exclusive ? await place.current() : [];
	const previous = holder && beneath(holder);
	if (previous && !isSame(previous, place.url) && !isTestOf(holder, place.url)) throw taken(previous);
	if (previous && !isSame(previous, place.url)) {
		// A test of ours that never ended holds somebody else's place.
		await restore(place, holder!, previous);
		throw taken(previous);
	}
	await place.register(place.url);
}

async function startTest(place: Place): Promise<void> {
	const [holder] = place.exclusive ? await place.current() : [];
	const previous = holder && beneath(holder);
	// Putting it where it already is shows whether it could be put back; if not, nothing has changed.
	const restorable = previous && (await place.register(previous).then(
		() => true,
		(cause) => {
			if (cause instanceof MediaRefusal && cause.kind === 'handshake') return false;
			throw cause;
		},
	));
	// This node's own production URL that does not answer: the workflow is not active, there is nothing to put back.
	if (previous && !restorable && tail(previous) !== tail(place.url)) throw notRestorable(previous);
	await place.register(place.exclusive ? testUrl(place.url, restorable ? previous : undefined) : place.url);
}

async function release(place: Place): Promise<void> {
	if (!place.exclusive) return await place.unregister(place.url);
	for (const url of (await place.current()).filter((current) => isSame(current, place.url))) {
		const previous = beneath(url);
		if (previous && previous !== url) await restore(place, url, previous);
		else await place.unregister(url);
	}
}

/** Waits of the tries to put a callback back: production is deaf meanwhile. */
const RESTORE_WAITS_MS = [500, 1000, 2000, 4000, 0];

async function restore(place: Place, holder: string, previous: string): Promise<void> {
	let last: unknown;
	for (const wait of RESTORE_WAITS_MS) {
		const done = await place.register(previous).then(
			() => true,
			(cause) => {
				last = cause;
				return false;
			},
		);
		if (done) return;
		// It no longer answers: its workflow was deactivated during the test.
		if (last instanceof MediaRefusal && last.kind === 'handshake') return await place.unregister(holder);
		await sleep(wait);
	}
	throw last;
}

const PREVIOUS = 'previous';

/** The test URL, carrying what it replaces; on the same host only the path, for URLs may not be long. */
function testUrl(url: string, previous?: string): string {
	const carrying = new URL(url);
	carrying.searchParams.set(PREVIOUS, previous?.startsWith(`${carrying.origin}/`) ? previous.slice(carrying.origin.length) : (previous ?? ''));
	return carrying.href;
}

/** What a URL stands in for: for that of a test what was there before, if anything; else itself. */
function beneath(url: string): string | undefined {
	const previous = URL.canParse(url) ? new URL(url).searchParams.get(PREVIOUS) : null;
	if (previous === null) return url;
	return previous ? new URL(previous, url).href : undefined;
}

function isTestOf(url: string, own: string): boolean {
	return beneath(url) !== url && tail(url) === tail(own);
}

/** Equal but for the query. */
function isSame(url: string, own: string): boolean {
	return url.split('?')[0] === own.split('?')[0];
}

/** `<webhookId>/webhook`: what the test URL and the production URL of a node have in common. */
function tail(url: string): string {
	return url.split('?')[0]!.split('/').slice(-2).join('/');
}

function taken(holder: string): MediaRefusal {
	return new MediaRefusal(
		'refused',
		`Deliveries already go to another webhook: ${holder.split('?')[0]}`,
		'It was left as it is. Deactivate the workflow or service behind it, use another phone number, choose another Registration (a phone number’s webhook goes before the account’s, and that before the app’s), or choose Manual.',
	);
}

function notRestorable(holder: string): MediaRefusal {
	return new MediaRefusal(
		'refused',
		`Deliveries go to another webhook, which could not be put back after a test: ${holder.split('?')[0]}`,
		'It was left as it is. Test with another phone number, or pin the data of an earlier execution.',
	);
}

/** Runs a hook with this node's place at the provider; with nothing when the user registers by hand. */
async function asNode(context: IHookFunctions, work: (place?: Place) => Promise<boolean>): Promise<boolean> {
	return await placeOf(context)
		.then(work)
		.catch((cause) => {
			throw nodeError(context, cause);
		});
}

async function placeOf(context: IHookFunctions): Promise<Place | undefined> {
	const level = context.getNodeParameter('registration') as Level | 'manual';
	if (level === 'manual') return undefined;
	const account = await openAccount(context);
	const { registration } = account.provider;
	return registration && bound(registration, account, level, context.getNodeWebhookUrl('default')!);
}

function bound(registration: Registration, account: OpenAccount, level: Level, url: string): Place {
	return {
		url,
		exclusive: registration.exclusive,
		current: async () => await registration.registered(account, level),
		register: async (to) => await registration.register(account, level, to),
		unregister: async (from) => await registration.unregister(account, level, from),
	};
}
