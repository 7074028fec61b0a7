import type { EmulatorRequest, Reply, Route } from '../server';

/** lookaside.fbsbx.com, which knows no key of 360dialog's: A2. A test fails if it sees one all the same. */
export function fileRoute({ query }: EmulatorRequest): Route {
	return { operation: 'metaFile', mediaId: query.mid, answer: () => unauthorized };
}

const unauthorized: Reply = {
	status: 401,
	headers: { 'Content-Type': 'application/json' },
	body: '{"error":{"message":"Authentication Error","code":401}}',
};
