import type { ICredentialTestRequest } from 'n8n-workflow';

import { providers } from '../nodes/WhatsApp/providers';
import type { CredentialProblem } from '../nodes/WhatsApp/providers/credentialForm';
import type { Provider } from '../nodes/WhatsApp/providers/provider';

/** Statuses that stand for themselves: n8n sees an error, and looks for a rule of that status. */
const OUTAGES = [500, 502, 503, 504];

const UNAVAILABLE = 'The provider is not available right now. Try again in a few minutes.';
const NOT_THE_API =
	'The answer did not come from the provider’s API. Check Base URL in the credential.';

const forms = Object.values(providers).map(({ credentialForm }) => credentialForm);

/** What the button *Test* does: a request to the provider, and a sentence for each answer that means trouble. */
export const credentialTest: ICredentialTestRequest = {
	request: {
		baseURL: `={{ $credentials.baseUrl || ${byProvider(({ defaultBaseUrl }) => JSON.stringify(defaultBaseUrl ?? ''))} }}`,
		url: `={{ ${byProvider(({ credentialForm }) => credentialForm.test.path)} }}`,
		disableFollowRedirect: true,
		ignoreHttpStatusErrors: {
			ignore: true,
			except: `={{ ${byProvider(errorStatuses)} }}` as unknown as number[],
		},
	},
	rules: [
		...forms.flatMap(({ test }) => test.problems.map(rule)),
		...OUTAGES.map((status) => rule({ status, message: UNAVAILABLE })),
		rule({ status: 404, message: NOT_THE_API }),
		// The body is a web page, or empty.
		rule({ body: ['0', '<'], message: NOT_THE_API }),
		rule({ body: ['length', 0], message: NOT_THE_API }),
	] as Array<{ type: 'responseCode'; properties: { value: number; message: string } }>,
};

function errorStatuses({ credentialForm }: Provider): string {
	return JSON.stringify([...(credentialForm.test.errorStatuses ?? []), ...OUTAGES]);
}

/** Part of an n8n expression: what is true of the credential's provider. */
function byProvider(expressionOf: (provider: Provider) => string): string {
	const cases = Object.entries(providers).map(
		([name, provider]) => `$credentials.provider === '${name}' ? ${expressionOf(provider)} : `,
	);
	return `(${cases.join('')}'')`;
}

/** n8n fails the test with the message of the first rule that fits. It reads each type of rule at another place. */
function rule({ status, body: [key, value] = ['', undefined], message }: CredentialProblem) {
	return status
		? { type: 'responseCode', properties: { value: status, message } }
		: { type: 'responseSuccessBody', properties: { key, value, message } };
}
