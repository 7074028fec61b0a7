import { Dialog360Emulator } from './dialog360';
import { MetaEmulator } from './meta';
import { PipesEmulator } from './pipes';
import { MessageFiles, type MessageFilesOptions } from './messageFiles';
import { EmulatorServer, readable, type RecordedRequest, type Site } from './server';
import { Clock } from './store';
import { ThirdParty } from './thirdParty';
import type { VendorEmulator, VendorOptions } from './vendor';
import { WahaEmulator } from './waha';
import { WhapiEmulator } from './whapi';

/** Every vendor, by the name that its provider has. A new vendor is a folder and a line here. */
const EMULATORS = {
	meta: MetaEmulator,
	waha: WahaEmulator,
	dialog360: Dialog360Emulator,
	whapi: WhapiEmulator,
	pipes: PipesEmulator,
} satisfies Record<string, new (clock: Clock, options?: VendorOptions) => VendorEmulator>;

export type Vendor = keyof typeof EMULATORS;
export const VENDORS = Object.keys(EMULATORS) as Vendor[];

type VendorEmulators = { [Name in Vendor]: InstanceType<(typeof EMULATORS)[Name]> };

export interface EmulatorOptions extends Partial<Record<Vendor, VendorOptions>> {
	thirdParty?: { origin?: string; port?: number };
	messageFiles?: MessageFilesOptions;
}

export interface Emulator extends VendorEmulators {
	/** A local address that serves every origin, by the Host header: for a proxy that plays the vendors' own names. */
	localUrl: string;
	/** An origin that is nobody's: where redirects lead. */
	thirdParty: ThirdParty;
	/** Where the files of chats and forms are that gateways name. */
	messageFiles: MessageFiles;
	/** The time that expiry goes by; `clock.advance(ms)`. */
	clock: Clock;
	/** Every request to any origin, oldest first. */
	requests: RecordedRequest[];
	/** Back to how it was at the start, on the same ports. */
	reset(): void;
	close(): Promise<void>;
}

/** Starts all vendors in this process, each on its own local ports. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
	const clock = new Clock();
	const created = VENDORS.map((name): [Vendor, VendorEmulator] => [
		name,
		new EMULATORS[name](clock, options[name]),
	]);
	const thirdParty = new ThirdParty(options.thirdParty);
	const messageFiles = new MessageFiles(clock, options.messageFiles);
	const server = new EmulatorServer((body, mimeType) => thirdParty.put(body, mimeType));
	const { requests } = server;
	const reset = () => {
		requests.length = 0;
		clock.reset();
		for (const [, vendor] of created) vendor.reset();
		thirdParty.reset();
		messageFiles.reset();
	};
	let localUrl = '';
	for (const site of [
		...created.flatMap<Site>(([, { sites }]) => [sites.api, sites.files]),
		thirdParty.site,
		messageFiles.site,
	]) {
		Object.assign(site.control, {
			requests: () => readable(requests),
			reset: () => readable({ reset: reset() ?? true }),
			advance: ({ query }: RecordedRequest) =>
				readable({ now: new Date(clock.advance(Number(query.ms))) }),
		});
		localUrl = await server.listen(site);
	}
	const vendors = Object.fromEntries(created) as unknown as VendorEmulators;
	return {
		...vendors,
		localUrl,
		thirdParty,
		messageFiles,
		clock,
		requests,
		reset,
		close: () => server.close(),
	};
}

export { type Fault, type FaultOrder, htmlPage } from './faults';
export type { RecordedRequest } from './server';
export { type Bytes, type Content, pattern } from './store';
export type { CustomerFile, VendorEmulator, VendorFault, VendorOptions } from './vendor';
