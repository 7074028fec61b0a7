import type { MetaEmulator } from '.';
import { appToken as issuedToken } from './credentials';
import { errors, GraphError } from './errors';
import { type Call, type Params, select } from './params';

const PHONE_NUMBER = 'WhatsAppBusinessPhoneNumber';

/** What every number of ours has. */
const FACTS: Params = {
	code_verification_status: 'VERIFIED',
	platform_type: 'CLOUD_API',
	throughput: { level: 'STANDARD' },
	is_official_business_account: false,
	account_mode: 'LIVE',
	certificate: undefined,
	eligibility_for_api_business_global_search: 'NON_ELIGIBLE_UNDEFINED_COUNTRY',
	is_pin_enabled: true,
	name_status: 'APPROVED',
	new_name_status: 'NONE',
	status: 'CONNECTED',
	search_visibility: 'VISIBLE',
	messaging_limit_tier: 'TIER_1K',
};

export function phoneNumber(
	{ phoneNumbers: numbers, subscriptions, credentials, variants }: MetaEmulator,
	{ id, request }: Call,
): object {
	const number = numbers.find((one) => one.id === id)!;
	const configuration = {
		phone_number: subscriptions.phoneNumbers.get(id)?.url,
		whatsapp_business_account: subscriptions.account?.url,
		application: subscriptions.app?.url,
	};
	const health = [
		['PHONE_NUMBER', id],
		['WABA', credentials.businessAccountId],
		['BUSINESS', '506914307656634'],
		['APP', credentials.appId],
	];
	const health_status = {
		can_send_message: 'AVAILABLE',
		entities: health.map(([entity_type, id]) => ({
			entity_type,
			id,
			can_send_message: 'AVAILABLE',
		})),
	};
	const fields =
		request.query.fields ??
		'verified_name,code_verification_status,display_phone_number,quality_rating,platform_type,throughput';
	const all: Params = { ...number, ...FACTS, health_status, webhook_configuration: configuration };
	if (variants.healthStatus === 'unknown') delete all.health_status;
	return select(all, fields, PHONE_NUMBER);
}

export function phoneNumbers({ phoneNumbers: numbers }: MetaEmulator, { request }: Call): object {
	const data = numbers.map((number) =>
		request.query.fields
			? select({ ...number, ...FACTS }, request.query.fields, PHONE_NUMBER)
			: number,
	);
	return { data, paging: { cursors: { before: 'QVFIUjRYd', after: 'QVFIUmZAx' } } };
}

/** The account's ID where a phone number's belongs is a usual slip, so its answer matters. */
export function account(
	{ credentials, variants }: MetaEmulator,
	{ id, method, request }: Call,
): object {
	const all: Params = {
		name: 'Jaspers Market',
		timezone_id: '1',
		currency: 'USD',
		message_template_namespace: '6f1d2d4c_8a37_4c1e_9c0b_2f5a7e3b9d10',
		id: credentials.businessAccountId,
	};
	const { fields } = request.query;
	const isStrange = fields?.split(',').some((field) => !(field in all));
	if (isStrange && variants.accountAsPhoneNumber === 'gone') throw errors.gone(method, id);
	return select(
		all,
		fields ?? 'name,timezone_id,message_template_namespace',
		'WhatsAppBusinessAccount',
	);
}

export function me(): object {
	return { name: 'n8n system user', id: '122101234567890123' };
}

export async function appToken({ credentials }: MetaEmulator, { params }: Call): Promise<object> {
	const { client_id, client_secret } = await params();
	if (client_id !== credentials.appId) {
		throw new GraphError(400, {
			message: 'Error validating application. Cannot get application info due to a system error.',
			type: 'OAuthException',
			code: 101,
		});
	}
	if (client_secret !== credentials.appSecret)
		throw new GraphError(400, {
			message: 'Error validating client secret.',
			type: 'OAuthException',
			code: 1,
		});
	return { access_token: issuedToken, token_type: 'bearer' };
}

export function debugToken(meta: MetaEmulator, { request }: Call): object {
	const asked = `Bearer ${request.query.input_token}`;
	const problem = meta.tokenProblem(asked);
	if (problem) {
		const { code, message, error_subcode } = problem.body;
		return {
			data: {
				error: { code, message, ...(error_subcode && { subcode: error_subcode }) },
				is_valid: false,
				scopes: [],
			},
		};
	}
	const { appId, businessAccountId } = meta.credentials;
	const { scopes, app, owns } = meta.tokenOf(asked)!;
	if (app)
		return {
			data: {
				app_id: appId,
				type: 'APP',
				application: 'n8n',
				expires_at: 0,
				is_valid: true,
				scopes: [],
			},
		};
	return {
		data: {
			app_id: appId,
			type: 'SYSTEM_USER',
			application: 'n8n',
			data_access_expires_at: 0,
			expires_at: 0,
			is_valid: true,
			issued_at: 1767225600,
			scopes,
			granular_scopes: scopes.map((scope) => ({
				scope,
				target_ids: owns ? [businessAccountId] : [],
			})),
			user_id: '122101234567890123',
		},
	};
}
