import { until } from '../../support/n8n/rest';
import { FOREIGN, type Flow, type TriggerTestbed } from './testbed';

export function besideBuiltInTests(testbed: TriggerTestbed): void {
	describe('beside n8n’s own WhatsApp Trigger, on the same app', () => {
		const KINDS = { builtIn: testbed.builtIn.bind(testbed), ours: testbed.ours.bind(testbed) };
		/**
		 * The same on both, at the same time: theirs with the app's callback, ours with a number's, as each is by itself. Tests
		 * go one after the other: where one ends while another begins, n8n 2.41 clones half of itself and runs out of stack.
		 */
		async function both<T>(
			scenario: (make: (same?: Flow) => Promise<Flow>, kind: keyof typeof KINDS) => Promise<T>,
			{ oneAtATime = false } = {},
		): Promise<Record<keyof typeof KINDS, T>> {
			const run = async (kind: keyof typeof KINDS) => {
				const flows: Flow[] = [];
				const outcome = await scenario(async (same) => {
					const flow = await KINDS[kind]({ phoneNumberId: same?.phoneNumberId });
					flows.push(flow);
					return flow;
				}, kind);
				await Promise.all(flows.map(async (flow) => await flow.deactivate().catch(() => {})));
				return outcome;
			};
			const theirs = run('builtIn');
			if (oneAtATime) await theirs;
			const own = run('ours');
			return { builtIn: await theirs, ours: await own };
		}
		const words = async (work: Promise<unknown>) =>
			await work.then(
				() => 'done',
				(cause: Error) => cause.message,
			);
		beforeEach(() => {
			testbed.emulator.meta.subscriptions.app = undefined;
			testbed.emulator.meta.subscriptions.subscribed = true;
		});

		test('both receive, each its own', async () => {
			const received = await both(async (make) => {
				const flow = await make();
				await flow.activate();
				const sent = [await flow.photo(), await flow.photo()];
				expect(sent.map(({ status }) => status)).toEqual([200, 200]);
				return (await flow.executions()).length;
			});
			expect(received).toEqual({ builtIn: 2, ours: 2 });
		});

		test('activating where somebody else is: theirs takes the place in silence, ours says whose it is and leaves it', async () => {
			const outcome = await both(async (make) => {
				const flow = await make();
				flow.place.set(FOREIGN);
				const said = await words(flow.activate());
				return {
					said: said.includes('already go to another webhook: https://other.example/hook')
						? 'whose'
						: said,
					stays: flow.place.get() === FOREIGN,
				};
			});
			expect(outcome).toEqual({
				builtIn: { said: 'done', stays: false },
				ours: { said: 'whose', stays: true },
			});
		});

		test('testing while active: theirs never receives again', async () => {
			const outcome = await both(
				async (make) => {
					const flow = await make();
					await flow.activate();
					const said = await words(flow.listen());
					if (said === 'done') await flow.photo();
					const still = await flow.expectPlain(said === 'done' ? 10_000 : 500).catch(() => false);
					const { mediaId, status } = await flow.photo();
					return {
						said: said.replace(/.*(already has a webhook subscription).*/, '$1'),
						still,
						status,
						started: status === 200 && (await flow.started()).includes(mediaId),
					};
				},
				{ oneAtATime: true },
			);
			expect(outcome).toEqual({
				builtIn: {
					said: 'already has a webhook subscription',
					still: false,
					status: undefined,
					started: false,
				},
				ours: { said: 'done', still: true, status: 200, started: true },
			});
		});

		test('starting and stopping a test takes somebody else’s callback away, but for ours', async () => {
			const outcome = await both(
				async (make) => {
					const flow = await make();
					flow.place.set(FOREIGN);
					const said = await words(flow.listen());
					await flow.stopListening();
					await until(
						'it is taken away',
						said === 'done' ? 10_000 : 500,
						async () => !flow.place.get() || undefined,
					).catch(() => {});
					return {
						said: said.replace(/.*(Deliveries go to another webhook).*/, '$1'),
						then: flow.place.get(),
					};
				},
				{ oneAtATime: true },
			);
			expect(outcome).toEqual({
				builtIn: { said: 'done', then: undefined },
				ours: { said: 'Deliveries go to another webhook', then: FOREIGN },
			});
		});

		test('a second workflow in the same place: theirs both go deaf, of ours the first goes on', async () => {
			const outcome = await both(async (make) => {
				const first = await make();
				const second = await make(first);
				await first.activate();
				const said = await words(second.activate());
				expect(said).not.toBe('done');
				return { first: first.place.get() === first.url, delivered: (await first.photo()).status };
			});
			expect(outcome).toEqual({
				builtIn: { first: false, delivered: undefined },
				ours: { first: true, delivered: 200 },
			});
		});

		test('deactivating takes away what has become somebody else’s, but for ours', async () => {
			const outcome = await both(async (make) => {
				const flow = await make();
				await flow.activate();
				flow.place.set(FOREIGN);
				await flow.deactivate();
				return flow.place.get();
			});
			expect(outcome).toEqual({ builtIn: undefined, ours: FOREIGN });
		});

		test('statuses and texts, a wrong signature, and the same delivery again', async () => {
			const outcome = await both(async (make, kind) => {
				const flow = await make();
				await flow.activate();
				const callback = flow.url;
				const { phoneNumberId } = flow;
				// Theirs answers before it starts anything.
				const count = async (theirs: number) => {
					if (kind === 'builtIn')
						await until(
							`${theirs} executions`,
							60_000,
							async () => (await flow.executions()).length >= theirs || undefined,
						);
					return (await flow.executions()).length;
				};
				await testbed.emulator.meta.deliver([testbed.emulator.meta.status('delivered')], {
					callback,
				});
				await testbed.emulator.meta.deliver([testbed.emulator.meta.text('hi', { phoneNumberId })], {
					callback,
				});
				const noise = await count(2);

				const photo = { type: 'image' as const, bytes: 'x', phoneNumberId };
				const forged = (
					await testbed.emulator.meta.receive(photo, { callback, secret: 'another app’s' })
				).answer!.status;
				const handshake = (await testbed.emulator.meta.handshake(callback, { token: 'wrong' }))
					.status;

				const { body } = await testbed.emulator.meta.receive(photo, { callback });
				await testbed.emulator.meta.deliver(body, { callback });
				return { noise, forged, handshake, twice: (await count(4)) - noise };
			});
			expect(outcome).toEqual({
				builtIn: { noise: 2, forged: 200, handshake: 200, twice: 2 },
				ours: { noise: 0, forged: 401, handshake: 403, twice: 1 },
			});
		});

		test('from theirs to ours and back, on one number: docs/moving-over.md', async () => {
			const theirs = await testbed.builtIn();
			const own = await testbed.ours({ phoneNumberId: theirs.phoneNumberId });
			const counts = async () =>
				await Promise.all([theirs, own].map(async (flow) => (await flow.executions()).length));
			/** A photo goes to one of them only. */
			const receives = async (flow: Flow) => {
				const [before] = [await counts(), await flow.photo()];
				const fresh = await until('an execution is in the list', 20_000, async () => {
					const more = (await counts()).map((count, index) => count - before[index]!);
					return more.some(Boolean) ? more : undefined;
				});
				expect(fresh).toEqual(flow === theirs ? [1, 0] : [0, 1]);
			};
			await theirs.activate();
			await receives(theirs);
			await own.activate();
			await receives(own);
			await own.deactivate();
			await receives(theirs);
			await own.activate();
			await theirs.deactivate();
			await receives(own);
			await own.deactivate();
		});
	});
}
