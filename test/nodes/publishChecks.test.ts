import type { IDataObject } from 'n8n-workflow';

import { providers } from '../../nodes/WhatsApp/providers';
import { hostOverrides } from '../emulator/client';
import { serveTrigger, type TriggerServer } from '../support/core/webhook';
import {
	credentialFor,
	startHarness,
	VENDORS,
	type Harness,
	type Vendor,
} from '../support/harness';

/** What can never start is neither published nor tested: a reason and a remedy, in one sentence that n8n shows. */

let harness: Harness;
let server: TriggerServer | undefined;
beforeAll(async () => {
	harness = await startHarness();
});
afterAll(async () => await harness.close());
afterEach(async () => {
	await server?.close();
	hostOverrides.clear();
});

async function trigger(
	vendor: Vendor,
	parameters: IDataObject,
	credential: Record<string, string> = {},
) {
	server = await serveTrigger(harness.engine, {
		node: 'whatsAppMediaTrigger',
		parameters: parameters as never,
		credentials: {
			whatsAppMediaApi: { ...credentialFor(harness.emulator, vendor), ...credential },
		},
		publicUrl: 'https://n8n.example/',
		webhookId: 'a1b2',
	});
	hostOverrides.set('https://n8n.example', server.baseUrl.slice(0, -1));
	return server;
}

/** Publishing and testing say it alike, and unpublishing is held up by nothing. */
async function refusal(...options: Parameters<typeof trigger>): Promise<string | undefined> {
	const node = await trigger(...options);
	const said = async (work: Promise<void>) =>
		await work.then(
			() => undefined,
			({ message }: Error) => message,
		);
	const published = await said(node.activate());
	await node.deactivate();
	expect(await said(node.startTest())).toBe(published);
	await node.stopTest();
	return published;
}

describe.each(VENDORS)('%s', (vendor) => {
	const { manualNeeds, registration, displayName, credentialForm } = providers[vendor]!;
	const label = (name: string) =>
		credentialForm.fields.flatMap((field) =>
			'displayName' in field && field.name === name ? field.displayName : [],
		)[0];

	test('Receive Files For This Phone Number', async () => {
		expect(await refusal(vendor, { registration: 'phoneNumber' })).toBe(
			registration
				? undefined
				: `n8n cannot tell ${displayName} where to deliver, so nothing would arrive. In Receive Files For, choose Manual, and follow its steps.`,
		);
	});

	test('Manual, with all that it needs', async () => {
		const said = await refusal(vendor, { registration: 'manual' });
		expect(said).toEqual(
			manualNeeds
				? undefined
				: expect.stringMatching(/^Whapi\.Cloud does not work with Manual, .* [A-Z]\w+ This Phone/),
		);
	});

	test('Manual without something that it needs', async () => {
		for (const field of manualNeeds ?? [])
			expect(await refusal(vendor, { registration: 'manual' }, { [field]: ' ' })).toBe(
				`Manual needs ${label(field)} in the credential; without it, every message would be refused. Open the credential. The text below each field says where to find its value.`,
			);
	});
});

test('Manual without anything: all that is missing, by its name on the form', async () => {
	const empty = { webhookSecret: '', verifyToken: '' };
	expect(await refusal('meta', { registration: 'manual' }, empty)).toContain(
		'Manual needs App Secret and Verify Token in the credential',
	);
});

describe('no media type', () => {
	const said = async (alsoStartOn?: string[]) =>
		await refusal('meta', {
			registration: 'manual',
			mediaTypes: [],
			...(alsoStartOn && { options: { alsoStartOn } }),
		});

	test.each([undefined, [], ['flow', 'history', 'echo', 'edit', 'call']])(
		'and %p besides: nothing could start it',
		async (alsoStartOn) => {
			expect(await said(alsoStartOn)).toContain(
				'No media type is chosen, so nothing can start the workflow. Choose at least one in Media Types.',
			);
		},
	);

	test.each(['text', 'unavailable', 'failed'])('but %s: that starts it', async (origin) => {
		expect(await said([origin])).toBeUndefined();
	});
});

describe('n8n starts again, and refuses nothing that was published', () => {
	const start = async (activation: 'init' | 'leadershipChange') => {
		harness.emulator.reset();
		await server!.activate({ activation });
		expect(harness.emulator.requests).toEqual([]);
	};
	const message = () => harness.emulator.meta.prepare({ type: 'image', bytes: 'x' }).message;

	test.each(['init', 'leadershipChange'] as const)(
		'%s: Manual without a Verify Token, whose URL was verified long ago',
		async (activation) => {
			await trigger('meta', { registration: 'manual' }, { verifyToken: '' });
			await start(activation);
			harness.emulator.meta.callback = server!.url;
			await harness.emulator.meta.deliver([message()]);
			expect(server!.executions).toHaveLength(1);
		},
	);

	test('Manual without any secret, without a media type, and with a token that is not one', async () => {
		const empty = { verifyToken: '', webhookSecret: '', accessToken: '' };
		await trigger('meta', { registration: 'manual', mediaTypes: [] }, empty);
		await start('init');
	});

	test('a provider that n8n cannot tell where to deliver, whose webhook was entered by hand', async () => {
		await trigger('pipes', { registration: 'phoneNumber' });
		await start('init');
		(harness.emulator.pipes as { callback?: string }).callback = server!.url;
		await harness.emulator.pipes.receive({ type: 'image', bytes: 'x' });
		expect(server!.executions).toHaveLength(1);
	});
});

test('Manual: the webhook may be that of another app than the token’s, and Meta is asked nothing', async () => {
	const other = { webhookSecret: 'of the app whose webhook it is' };
	harness.emulator.reset();
	expect(await refusal('meta', { registration: 'manual' }, other)).toBeUndefined();
	expect(harness.emulator.requests).toEqual([]);
});
