import type { Item as Update } from '../../emulator/meta';
import { until } from '../../support/n8n/rest';
import { inParallel, triggerItems, type Flow, type TriggerTestbed } from './testbed';

export function loadTests(testbed: TriggerTestbed): void {
	describe('1,000 deliveries, 30 % of them again, in any order, three quarters of the updates statuses', () => {
		interface Delivery {
			body: string;
			/** The messages with files in it. */
			files: string[];
			attempts: Array<{ at: number; status?: number }>;
		}

		function deliveries(phoneNumberId: string): {
			all: Delivery[];
			files: string[];
			updates: number;
		} {
			const { meta } = testbed.emulator;
			const random = mulberry32(20_261_121);
			const sender = () => ({
				phoneNumberId,
				from: `1650555${1000 + Math.floor(random() * 9000)}`,
			});
			let updates = 0;
			const originals = Array.from({ length: 700 }, () => {
				const size = random() < 0.5 ? 1 : 2 + Math.floor(random() * 49);
				updates += size;
				const list: Update[] = Array.from({ length: size }, () => {
					const kind = random();
					if (kind < 0.75) return meta.status(random() < 0.5 ? 'delivered' : 'read');
					if (kind < 0.8) return meta.text('hi', sender());
					const type = (['image', 'video', 'audio', 'voice', 'document', 'sticker'] as const)[
						Math.floor(random() * 6)
					]!;
					return meta.prepare({ type, bytes: 'x', ...sender() }).message;
				});
				const files = list
					.filter(({ type }) => type !== undefined && type !== 'text')
					.map(({ id }) => id);
				return { body: meta.envelope([[meta.value(list)]]), files, attempts: [] };
			});
			// Whatever comes again comes soon, before or after: Meta's doubles are those of its own haste.
			const placed: Array<[number, Delivery]> = originals.map((delivery, index) => [
				index + random() * 40,
				delivery,
			]);
			for (let i = 0; i < 300; i++) {
				const [at, delivery] = placed[Math.floor(random() * originals.length)]!;
				placed.push([at + (random() - 0.5) * 80, { ...delivery, attempts: [] }]);
			}
			const all = placed.sort(([a], [b]) => a - b).map(([, delivery]) => delivery);
			return { all, files: originals.flatMap(({ files }) => files), updates };
		}

		/** How often each message has started something. */
		async function startedBy(flow: Flow) {
			const executions = await flow.executions();
			const times = new Map<string, number>();
			for (const { json } of executions.flatMap(triggerItems))
				times.set(String(json.messageId), (times.get(String(json.messageId)) ?? 0) + 1);
			return { executions, times };
		}

		async function attempt(delivery: Delivery, callback: string): Promise<boolean> {
			const at = Date.now();
			const answer = await testbed.emulator.meta
				.deliver(delivery.body, { callback })
				.catch(() => undefined);
			delivery.attempts.push({ at, status: answer?.status });
			return answer?.status === 200;
		}

		test('exactly one item for each file, none for the rest', async () => {
			const flow = await testbed.ours();
			await flow.activate();
			const { all, files, updates } = deliveries(flow.phoneNumberId);
			const took: number[] = [];
			const start = Date.now();
			await inParallel(all, async (delivery) => {
				const at = Date.now();
				// A copy beside a new message has to come again, where n8n has not started the first one yet.
				while (!(await attempt(delivery, flow.url)))
					expect(delivery.attempts.at(-1)!.status).toBe(503);
				expect(delivery.attempts.length).toBeLessThan(5);
				took.push(Date.now() - at);
			});
			const seconds = (Date.now() - start) / 1000;
			// An execution that ends between two pages of n8n's list may stand on neither: it is read again until nothing is missing.
			await until(
				'all have started something',
				60_000,
				async () => (await startedBy(flow)).times.size >= files.length || undefined,
			).catch(() => {});
			const { executions, times } = await startedBy(flow);
			took.sort((a, b) => a - b);
			console.log(
				`${all.length} deliveries, ${updates} updates, ${files.length} files, ${executions.length} executions in ${seconds.toFixed(1)} s; answered in ${took[500]} ms (median), ${took[990]} ms (99th of 100)`,
			);
			expect([...times.keys()].sort()).toEqual([...files].sort());
			expect([...times.values()].filter((count) => count !== 1)).toEqual([]);
			expect(executions.filter((execution) => !triggerItems(execution).length)).toEqual([]);
			await flow.deactivate();
		});

		test('with n8n killed half way, and Meta trying again: none lost', async () => {
			const flow = await testbed.ours();
			await flow.activate();
			const { all, files } = deliveries(flow.phoneNumberId);
			const queue = [...all];
			let answered = 0;
			let killedAt = Infinity;
			let back: Promise<void> | undefined;
			await Promise.all(
				Array.from({ length: 8 }, async () => {
					for (let delivery = queue.shift(); delivery; delivery = queue.shift()) {
						if (await attempt(delivery, flow.url)) answered++;
						else queue.push(delivery);
						if (answered >= 500 && !back) {
							killedAt = Date.now();
							back = testbed.n8n.kill().then(async () => await testbed.n8n.restart());
						}
						if (Date.now() - killedAt < 60_000) await back;
					}
				}),
			);
			const { executions, times } = await startedBy(flow);
			expect([...times.keys()].sort()).toEqual([...files].sort());

			// Twice is what n8n had taken but could not say so, and what it had taken and Meta delivers again to the new process.
			const twice = files.filter((id) => times.get(id)! > 1);
			const attemptsFor = new Map(
				files.map((id) => [
					id,
					all.filter((delivery) => delivery.files.includes(id)).flatMap(({ attempts }) => attempts),
				]),
			);
			const unanswered = twice.filter((id) =>
				attemptsFor.get(id)!.some(({ status }) => status !== 200),
			);
			const onBothSides = twice.filter((id) => {
				const good = attemptsFor.get(id)!.filter(({ status }) => status === 200);
				return good.some(({ at }) => at < killedAt) && good.some(({ at }) => at >= killedAt);
			});
			// What n8n has in its list of executions, but did not run to the end.
			const cutOff = executions.filter(({ status }) => status !== 'success');
			const ran = new Set(
				executions
					.filter(({ status }) => status === 'success')
					.flatMap(triggerItems)
					.map(({ json }) => json.messageId),
			);
			const notRun = files.filter((id) => !ran.has(id));
			console.log(
				`${files.length} files, n8n killed after 500 answers; ${all.filter(({ attempts }) => attempts.length > 1).length} deliveries tried again; ` +
					`${twice.length} files twice: ${unanswered.length} whose answer was cut off, ${onBothSides.length} delivered again to the new process; ` +
					`executions cut off: ${cutOff.map(({ status }) => status).join(', ') || 'none'}, with ${notRun.length} files that no other execution had`,
			);
			expect(cutOff.length).toBeLessThan(30);
			expect(twice.filter((id) => !unanswered.includes(id) && !onBothSides.includes(id))).toEqual(
				[],
			);
			expect(Math.max(...times.values())).toBeLessThanOrEqual(2);
			await flow.expectReceives();
			await flow.deactivate();
		});
	});
}

/** The same random numbers in every run. */
function mulberry32(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
	};
}
