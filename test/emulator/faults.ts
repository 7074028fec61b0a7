/**
 * What goes wrong with an answer. `status`, `reset` and `delay: Infinity` take its place, and the operation does not happen (but see `effect`);
 * everything else happens to the true answer. Fractions are of the body's length.
 */
export interface Fault {
	status?: number;
	/** Default with `status`: empty. Without: instead of the true answer's body. */
	body?: string | Buffer;
	/** Added to the answer; over its own headers of the same name. */
	headers?: Record<string, string>;
	/** Replaced or lost answers only: the operation happens all the same. Default false. */
	effect?: boolean;
	/** Answer before reading the request's body, as a proxy refuses a large upload. */
	early?: boolean;
	/** Milliseconds before the answer; `Infinity`: never. */
	delay?: number;
	/** Close the connection instead of answering. */
	reset?: boolean;
	/** Declare the whole length, send this fraction, and close. */
	cutAt?: number;
	/** The same after so many bytes, where the answer has more. */
	cutAfter?: number;
	/** Answer as if no range were asked for. */
	ignoreRange?: boolean;
	/** Send this fraction, and then nothing, with the connection left open. */
	stallAt?: number;
	/** Send this fraction as if it were everything. */
	truncateAt?: number;
	/** Same length, other bytes: the same ones at each request, or `changing`. */
	wrongBytes?: true | 'changing';
	/** Declare this length instead of the true one, and close at the end. */
	contentLength?: number;
	/** Send the first so many bytes one by one, so many milliseconds apart. */
	trickle?: { bytes: number; everyMs: number };
	/** No length, no end. */
	endless?: boolean;
	/** Answer 302 (or `status`) to another URL; `thirdParty`: the same file on the emulator's third origin. */
	redirect?: string;
}

/** A fault, and the requests that it applies to. */
export interface FaultOrder<Operation extends string = string> extends Fault {
	on: Operation;
	/** Only for this media. */
	mediaId?: string;
	/** How many requests; default 1. */
	times?: number;
	/** How many matching requests are answered as usual first; default 0. */
	after?: number;
}

/** A proxy's or a login page's HTML: with 200 where a file is expected, with 502 where an outage is. */
export function htmlPage(status = 200, headers?: Record<string, string>) {
	return {
		status,
		headers: { 'Content-Type': 'text/html; charset=utf-8', ...headers },
		body: `<!DOCTYPE html>\n<html><head><title>Error</title></head><body><h1>Sorry, something went wrong.</h1></body></html>\n`,
	};
}

/** The faults ordered of one vendor, in the order in which they were given. */
export class Faults {
	private orders: Array<Required<Pick<FaultOrder, 'times' | 'after'>> & FaultOrder> = [];

	add(order: FaultOrder): void {
		this.orders.push({ times: 1, after: 0, ...order });
	}

	/** The fault for this request, if any; counts it. */
	take(operation: string, mediaId?: string): Fault | undefined {
		for (const order of this.orders) {
			if (order.times <= 0 || order.on !== operation) continue;
			if (order.mediaId !== undefined && order.mediaId !== mediaId) continue;
			if (order.after > 0) {
				order.after--;
				continue;
			}
			order.times--;
			return order;
		}
		return undefined;
	}

	clear(): void {
		this.orders = [];
	}
}

/** Whether the fault takes the answer's place. A redirect's status is the redirect's. */
export function replaces(fault: Fault): boolean {
	return (
		(fault.status !== undefined && fault.redirect === undefined) ||
		!!fault.reset ||
		fault.delay === Infinity
	);
}
