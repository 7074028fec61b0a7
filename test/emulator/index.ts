import { MetaEmulator, type MetaOptions } from './meta';
import { PipesEmulator, type PipesOptions } from './pipes';
import { EmulatorServer, readable, type RecordedRequest, type Site } from './server';
import { Clock } from './store';
import { ThirdParty } from './thirdParty';
import { WhapiEmulator, type WhapiOptions } from './whapi';

export interface EmulatorOptions {
	meta?: MetaOptions;
	whapi?: WhapiOptions;
	pipes?: PipesOptions;
	thirdParty?: { origin?: string; port?: number };
}

export interface Emulator {
	meta: MetaEmulator;
	whapi: WhapiEmulator;
	pipes: PipesEmulator;
	/** A local address. Every origin is to be had at it, by its Host header: for a proxy that plays the vendors' own names. */
	localUrl: string;
	/** An origin that is nobody's: where redirects lead. */
	thirdParty: ThirdParty;
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
	const vendors = {
		meta: new MetaEmulator(clock, options.meta),
		whapi: new WhapiEmulator(clock, options.whapi),
		pipes: new PipesEmulator(clock, options.pipes),
	};
	const thirdParty = new ThirdParty(options.thirdParty);
	const server = new EmulatorServer((body, mimeType) => thirdParty.put(body, mimeType));
	const { requests } = server;
	const reset = () => {
		requests.length = 0;
		clock.reset();
		for (const vendor of Object.values(vendors)) vendor.reset();
		thirdParty.reset();
	};
	let localUrl = '';
	for (const site of [...Object.values(vendors).flatMap<Site>(({ sites }) => Object.values(sites)), thirdParty.site]) {
		Object.assign(site.control, {
			requests: () => readable(requests),
			reset: () => readable({ reset: reset() ?? true }),
			advance: ({ query }: RecordedRequest) => readable({ now: new Date(clock.advance(Number(query.ms))) }),
		});
		localUrl = await server.listen(site);
	}
	return { ...vendors, localUrl, thirdParty, clock, requests, reset, close: () => server.close() };
}

export { type Fault, type FaultOrder, htmlPage } from './faults';
export type { RecordedRequest } from './server';
export { type Bytes, type Content, pattern } from './store';
