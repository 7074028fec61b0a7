import type { Harness } from './harness';
import { PHOTO } from './files';
import { outcomeOf } from './run';

type StoredFile = Parameters<Harness['emulator']['meta']['store']['add']>[0];

/** A photo that a customer has sent, unless `file` says otherwise; its media ID. */
export const customerSent = (harness: Harness, file: Partial<StoredFile> = {}): string =>
	harness.emulator.meta.store.add({ bytes: PHOTO, mimeType: 'image/jpeg', inbound: true, ...file });

/** Runs Download Media with one item and one try, unless the options say otherwise; retry.test.ts is about trying again. */
export async function downloadOnce(
	harness: Harness,
	item: Record<string, unknown>,
	{ options = {}, ...parameters }: Record<string, unknown> = {},
) {
	const once = { maxTries: 1, ...(options as object) };
	return outcomeOf(
		await harness.run('DownloadMedia', [item as never], {
			parameters: { ...parameters, options: once },
		}),
	);
}
