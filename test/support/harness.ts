import type { IDataObject, INodeExecutionData, INodeType } from 'n8n-workflow';
import { createHash } from 'node:crypto';

import { WhatsAppMediaApi } from '../../credentials/WhatsAppMediaApi.credentials';
import { WhatsAppDeleteMedia } from '../../nodes/WhatsApp/WhatsAppDeleteMedia.node';
import { WhatsAppDownloadMedia } from '../../nodes/WhatsApp/WhatsAppDownloadMedia.node';
import { WhatsAppGetMediaUrl } from '../../nodes/WhatsApp/WhatsAppGetMediaUrl.node';
import { WhatsAppMediaStreamTrigger } from '../../nodes/WhatsApp/WhatsAppMediaStreamTrigger.node';
import { WhatsAppMediaTrigger } from '../../nodes/WhatsApp/WhatsAppMediaTrigger.node';
import { WhatsAppUploadMedia } from '../../nodes/WhatsApp/WhatsAppUploadMedia.node';
import { createEngine, type BinaryMode, type Engine, type RunOptions } from './core/engine';
import { startEmulator, type Emulator, type EmulatorOptions } from '../emulator';
import { credentialFor } from './vendors';

export { VENDORS, type Vendor } from '../emulator';
export { credentialFor } from './vendors';

/** Our nodes on n8n-core, in front of the emulator. */
export interface Harness {
	emulator: Emulator;
	engine: Engine;
	/** The credential's fields, made for the emulator. */
	credential: Record<string, string>;
	/** Runs one of our nodes; its name without `whatsApp`: `DownloadMedia`. */
	run: (
		node: string,
		items: INodeExecutionData[] | IDataObject[],
		options?: Partial<RunOptions>,
	) => ReturnType<Engine['run']>;
	close: () => Promise<void>;
}

export async function startHarness({
	binaryMode = 'filesystem' as BinaryMode,
	/** Beside ours. */
	moreNodes = [] as Array<new () => INodeType>,
	emulatorOptions = {} as EmulatorOptions,
} = {}): Promise<Harness> {
	const emulator = await startEmulator(emulatorOptions);
	const engine = await createEngine({
		nodes: [
			WhatsAppMediaTrigger,
			WhatsAppMediaStreamTrigger,
			WhatsAppGetMediaUrl,
			WhatsAppDownloadMedia,
			WhatsAppUploadMedia,
			WhatsAppDeleteMedia,
			...moreNodes,
		],
		credentials: [WhatsAppMediaApi],
		binaryMode,
	});
	const credential = credentialFor(emulator);
	return {
		emulator,
		engine,
		credential,
		run: async (node, items, options = {}) =>
			await engine.run({
				node: `whatsApp${node}`,
				credentials: { whatsAppMediaApi: credential },
				items: items.map((item) =>
					'json' in item || 'binary' in item ? (item as INodeExecutionData) : { json: item },
				),
				...options,
			}),
		async close() {
			await engine.close();
			await emulator.close();
		},
	};
}

export function sha256(bytes: Buffer | string): string {
	return createHash('sha256').update(bytes).digest('hex');
}

/** Calls to Graph and to the file host, oldest first: `GET /v25.0/123`. */
export function calls({ requests }: Emulator): string[] {
	return requests.map(({ method, path }) => `${method} ${path}`);
}
