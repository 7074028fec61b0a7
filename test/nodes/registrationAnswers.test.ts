import { hostOverrides } from '../emulator/client';
import { htmlPage } from '../emulator/faults';
import { serveTrigger, type TriggerServer } from '../support/core/webhook';
import { credentialFor, startHarness, type Harness } from '../support/harness';

/**
 * Who is asked what is registered, and somebody else answers: a proxy, a login page, nobody. To take that for "nothing" would
 * write over what others have set.
 */

const FOREIGN = 'https://other.example/hook';

let harness: Harness;
let server: TriggerServer;
beforeAll(async () => {
	harness = await startHarness();
});
afterAll(async () => await harness.close());
beforeEach(() => {
	harness.emulator.reset();
	hostOverrides.clear();
});
afterEach(async () => await server.close());

const ANSWERS = {
	'200 {}': { status: 200, body: '{}', headers: { 'Content-Type': 'application/json' } },
	'a page': htmlPage(),
	'404 and nothing': { status: 404 },
	'404 and a page': htmlPage(404),
	'409 and nothing': { status: 409 },
};

/** Of each vendor's place: what is asked for, what of somebody else's is there, and how it looks now. */
const PLACES = {
	'Meta, phone number': {
		vendor: 'meta',
		registration: 'phoneNumber',
		read: 'phoneNumber',
		occupy: () => {
			const { subscriptions, credentials } = harness.emulator.meta;
			subscriptions.subscribed = true;
			subscriptions.phoneNumbers.set(credentials.phoneNumberId, { url: FOREIGN, verifyToken: 'x' });
		},
		now: () => [...harness.emulator.meta.subscriptions.phoneNumbers],
	},
	'Meta, account': {
		vendor: 'meta',
		registration: 'account',
		read: 'subscriptions',
		occupy: () => {
			const { subscriptions } = harness.emulator.meta;
			subscriptions.subscribed = true;
			subscriptions.account = { url: FOREIGN, verifyToken: 'x' };
		},
		now: () => harness.emulator.meta.subscriptions.account,
	},
	'Meta, app': {
		vendor: 'meta',
		registration: 'app',
		read: 'subscriptions',
		occupy: () => {
			const { subscriptions } = harness.emulator.meta;
			const [fields, version] = [['messages', 'flows'], 'v25.0'];
			subscriptions.subscribed = true;
			subscriptions.app = { url: FOREIGN, verifyToken: 'x', fields, version };
		},
		now: () => harness.emulator.meta.subscriptions.app,
	},
	'360dialog': {
		vendor: 'dialog360',
		registration: 'phoneNumber',
		read: 'webhook',
		occupy: () => {
			harness.emulator.dialog360.webhook = { url: FOREIGN, headers: { 'X-Theirs': '1' } };
		},
		now: () => harness.emulator.dialog360.webhook,
	},
	'360dialog, its list': {
		vendor: 'dialog360',
		registration: 'phoneNumber',
		read: 'list',
		occupy: () => {
			const { dialog360 } = harness.emulator;
			dialog360.webhook = { url: FOREIGN, headers: { 'X-Theirs': '1' } };
			dialog360.variants.list = 'on';
		},
		now: () => harness.emulator.dialog360.webhook,
	},
	WAHA: {
		vendor: 'waha',
		registration: 'phoneNumber',
		read: 'session',
		occupy: () => {
			const { config } = harness.emulator.waha;
			config.proxy = { server: 'proxy:1' };
			config.webhooks = [{ url: FOREIGN, events: ['message'] }];
		},
		now: () => {
			const { webhooks, ...settings } = harness.emulator.waha.config;
			return { settings, foreign: webhooks?.filter(({ url }) => url === FOREIGN) };
		},
	},
	Whapi: {
		vendor: 'whapi',
		registration: 'phoneNumber',
		read: 'settings',
		occupy: () => {
			harness.emulator.whapi.settings.webhooks = [
				{ url: FOREIGN, events: [{ type: 'messages', method: 'post' }], mode: 'body' },
			];
		},
		now: () => {
			const { webhooks, ...settings } = harness.emulator.whapi.settings;
			return { settings, foreign: webhooks.filter(({ url }) => url === FOREIGN) };
		},
	},
} as const;

type Place = (typeof PLACES)[keyof typeof PLACES];

async function serve({ vendor, registration }: Place) {
	server = await serveTrigger(harness.engine, {
		node: 'whatsAppMediaTrigger',
		parameters: { registration, options: {} },
		credentials: { whatsAppMediaApi: credentialFor(harness.emulator, vendor) },
		publicUrl: 'https://n8n.example/',
	});
	hostOverrides.set('https://n8n.example', server.baseUrl.slice(0, -1));
}

const fault = ({ vendor, read: on }: Place, order: object) =>
	harness.emulator[vendor].fault({ on, ...order } as never);
const messageOf = async (work: Promise<void>) =>
	await work.then(
		() => undefined,
		({ message }: Error) => message,
	);

describe.each(Object.entries(PLACES))('%s', (_, place) => {
	test.each(Object.entries(ANSWERS))(
		'%s, to whichever of the questions: what others have set stays',
		async (_name, answer) => {
			for (const after of [0, 1, 2]) {
				place.occupy();
				const before = JSON.stringify(place.now());
				fault(place, { ...answer, after, times: 1 });
				await serve(place);
				await messageOf(server.activate());
				await messageOf(server.startTest());
				expect([after, JSON.stringify(place.now())]).toEqual([after, before]);
				await server.close();
				harness.emulator.reset();
			}
		},
	);

	test('publishing says whose answer is missing', async () => {
		await serve(place);
		place.occupy();
		fault(place, { ...htmlPage(), times: Infinity });
		expect(await messageOf(server.activate())).toMatch(
			/the answer \(HTTP 200\) does not come from .* look for a login page or proxy/,
		);
	});
});

test.each(Object.values(PLACES).filter(({ read }) => read !== 'list'))(
	'unpublishing while a page answers is not done: $vendor, $registration',
	async (place) => {
		await serve(place);
		await server.activate();
		fault(place, { ...htmlPage(), times: Infinity });
		expect(await messageOf(server.deactivate())).toContain('does not come from');
	},
);

test.each(Object.values(PLACES).filter(({ read }) => read !== 'list'))(
	'an API that repeats what it refuses: no error shows the secret that was made for it ($vendor, $registration)',
	async ({ vendor, registration }) => {
		const own: Record<string, string> =
			vendor === 'meta' ? { verifyToken: '' } : { webhookSecret: '' };
		server = await serveTrigger(harness.engine, {
			node: 'whatsAppMediaTrigger',
			parameters: { registration, options: {} },
			credentials: { whatsAppMediaApi: { ...credentialFor(harness.emulator, vendor), ...own } },
			publicUrl: 'https://n8n.example/',
		});
		hostOverrides.set('https://n8n.example', server.baseUrl.slice(0, -1));
		await server.activate();
		const secretIn = (text = '') => /(?<![\da-f])[\da-f]{64}(?![\da-f])/.exec(text)?.[0];
		const { operation, body } = harness.emulator.requests.find((one) => secretIn(one.body))!;
		harness.emulator.reset();
		const said = `Bad value ${secretIn(body)}`;
		const answer = { message: said, error: { message: said, code: 100, type: 'OAuthException' } };
		const headers = { 'Content-Type': 'application/json' };
		const order = { on: operation, status: 400, body: JSON.stringify(answer), headers };
		harness.emulator[vendor].fault({ ...order, times: Infinity } as never);
		const message = await messageOf(server.activate());
		expect(message).toContain('Bad value …');
	},
);
