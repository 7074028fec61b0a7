import type { IDataObject, INodeExecutionData } from 'n8n-workflow';

import type { RunOptions, RunResult } from './core/engine';
import { credentialFor, type Harness, type Vendor } from './harness';

export interface Outcome extends RunResult {
	/** The first item of the first output. */
	item?: INodeExecutionData;
	json?: IDataObject;
	/** The error as the user reads it. */
	message?: string;
	description?: string;
}

export function outcomeOf(result: RunResult): Outcome {
	const item = result.output[0]?.[0];
	const { message, description } = (result.error ?? {}) as {
		message?: string;
		description?: string;
	};
	return { ...result, item, json: item?.json, message, description };
}

/** What a node has under Credentials, with some fields changed. */
export const credentialsFor = (
	{ emulator }: Harness,
	vendor: Vendor = 'meta',
	changes: object = {},
) => ({
	whatsAppMediaApi: { ...credentialFor(emulator, vendor), ...changes },
});

/** Runs one of our nodes with one item on this vendor. */
export async function runOne(
	harness: Harness,
	vendor: Vendor,
	node: string,
	json: object,
	parameters: object = {},
): Promise<Outcome> {
	const credentials = credentialsFor(harness, vendor);
	return outcomeOf(
		await harness.run(node, [json as IDataObject], {
			credentials,
			parameters: parameters as RunOptions['parameters'],
		}),
	);
}

export interface UploadSetup {
	vendor?: Vendor;
	mimeType: string;
	fileName?: string;
	/** Under Options in the node. */
	options?: object;
	staticData?: IDataObject;
}

/** Runs Upload Media with one item a file, numbered as `n`. */
export async function uploadFiles(
	harness: Harness,
	bytes: Buffer | Buffer[],
	setup: UploadSetup,
	more: Partial<RunOptions> = {},
) {
	const { vendor, options = {}, staticData, ...description } = setup;
	const items = await Promise.all(
		[bytes].flat().map(async (one, n) => ({
			json: { n },
			binary: { data: await harness.engine.file(one, description) },
		})),
	);
	const parameters = { options: options as never };
	const result = await harness.run('UploadMedia', items, {
		credentials: credentialsFor(harness, vendor),
		parameters,
		staticData,
		...more,
	});
	const shown = (wanted: string) =>
		result.hints.flatMap(({ type, message }) => (type === wanted ? message : []));
	return { ...outcomeOf(result), hints: shown('warning'), notes: shown('info') };
}
