import { createHmac, createPublicKey, randomBytes, timingSafeEqual, verify } from 'node:crypto';
import * as v from 'valibot';
import type { Answer, Session } from './call.ts';
import type { Clock } from './clock.ts';
import { SalesforceError } from './salesforce-error.ts';

export type OAuthSettings = {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly orgId: string;
  readonly userId: string;
  readonly username: string;
  /** Life of a token in ms. */
  readonly tokenLifeMs: number;
  /** The app has a user to run as; without one, client credentials are refused. */
  readonly runAsUser: boolean;
  /** Tokens that are always good, for clients that bring their own (`sf org login access-token`). */
  readonly fixedTokens: readonly string[];
  /** PEM of the certificate's public key that signs JWT logins; without it they are refused. */
  readonly jwtPublicKey: string | null;
};

/** The form's fields; unknown ones are of no interest. */
type Form = URLSearchParams;

const JwtClaims = v.object({
  iss: v.string(),
  sub: v.string(),
  aud: v.optional(v.union([v.string(), v.array(v.string())])),
  exp: v.number(),
});

/** Tokens of the org: gives them out, knows when they end, and forgets them on demand. */
export class OAuth {
  readonly #settings: OAuthSettings;
  readonly #clock: Clock;
  readonly #expiry = new Map<string, number>();
  readonly #revoked = new Set<string>();
  tokenLifeMs: number;
  /** Tokens outlive a change, as in an org: the next login meets it. */
  clientSecret: string;
  issued = 0;

  constructor(settings: OAuthSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.tokenLifeMs = settings.tokenLifeMs;
    this.clientSecret = settings.clientSecret;
  }

  /** Throws INVALID_SESSION_ID unless the header carries a token that is still good. */
  authenticate(header: string | undefined): Session {
    const token = /^(?:Bearer|OAuth)\s+(\S+)$/i.exec(header ?? '')?.[1];
    if (token === undefined || !this.isValid(token)) {
      throw new SalesforceError(401, 'INVALID_SESSION_ID', 'Session expired or invalid');
    }
    return this.#settings.fixedTokens.includes(token) ? 'administrator' : 'app';
  }

  isValid(token: string): boolean {
    if (this.#revoked.has(token)) return false;
    if (this.#settings.fixedTokens.includes(token)) return true;
    const until = this.#expiry.get(token);
    return until !== undefined && this.#clock.now() < until;
  }

  /** Ends every session given out so far, as an administrator can; the next login gives a fresh one. */
  expireAll(): void {
    this.#expiry.clear();
  }

  revoke(token: string): Answer {
    if (!this.isValid(token)) return oauthError('invalid_token', 'invalid token');
    this.#expiry.delete(token);
    this.#revoked.add(token);
    return { status: 200 };
  }

  /** `POST /services/oauth2/token`. */
  token(form: Form, authorization: string | undefined, baseUrl: string): Answer {
    switch (form.get('grant_type')) {
      case 'client_credentials':
        return this.#clientCredentials(form, authorization, baseUrl);
      case 'urn:ietf:params:oauth:grant-type:jwt-bearer':
        return this.#jwtBearer(form.get('assertion') ?? '', baseUrl);
      case 'refresh_token':
        return oauthError('invalid_grant', 'expired access/refresh token');
      case 'password':
        return oauthError('invalid_grant', 'authentication failure');
      default:
        return oauthError('unsupported_grant_type', 'grant type not supported');
    }
  }

  #clientCredentials(form: Form, authorization: string | undefined, baseUrl: string): Answer {
    const basic = basicCredentials(authorization);
    const id = basic?.id ?? form.get('client_id') ?? '';
    const secret = basic?.secret ?? form.get('client_secret') ?? '';
    if (id !== this.#settings.clientId) return oauthError('invalid_client_id', 'client identifier invalid');
    if (!sameText(secret, this.clientSecret)) return oauthError('invalid_client', 'invalid client credentials');
    if (!this.#settings.runAsUser) return oauthError('invalid_grant', 'no client credentials user enabled');
    return this.#grant(baseUrl);
  }

  #jwtBearer(assertion: string, baseUrl: string): Answer {
    const { clientId, username, jwtPublicKey } = this.#settings;
    const [header = '', payload = '', signature = ''] = assertion.split('.');
    const claims = v.safeParse(JwtClaims, jsonOrNull(payload));
    if (!claims.success) return oauthError('invalid_grant', 'invalid assertion');
    if (claims.output.iss !== clientId) return oauthError('invalid_client_id', 'client identifier invalid');
    const signed =
      jwtPublicKey !== null &&
      verify(
        'RSA-SHA256',
        Buffer.from(`${header}.${payload}`),
        createPublicKey(jwtPublicKey),
        Buffer.from(signature, 'base64url'),
      );
    if (!signed) return oauthError('invalid_grant', 'invalid assertion');
    if (claims.output.exp * 1000 <= this.#clock.now()) return oauthError('invalid_grant', 'expired assertion');
    if (claims.output.sub !== username) return oauthError('invalid_grant', "user hasn't approved this consumer");
    return this.#grant(baseUrl);
  }

  #grant(baseUrl: string): Answer {
    const { orgId, userId, clientSecret } = this.#settings;
    const token = `${orgId.slice(0, 15)}!AR8AQ${randomBytes(48).toString('base64url').replaceAll('-', '.')}`;
    const now = this.#clock.now();
    this.#expiry.set(token, now + this.tokenLifeMs);
    this.issued++;
    const id = `${baseUrl}/id/${orgId}/${userId}`;
    return {
      status: 200,
      body: {
        access_token: token,
        signature: createHmac('sha256', clientSecret).update(`${id}${now}`).digest('base64'),
        scope: 'api',
        instance_url: baseUrl,
        id,
        token_type: 'Bearer',
        issued_at: String(now),
        api_instance_url: 'https://api.salesforce.com',
      },
    };
  }

  /** `GET /services/oauth2/userinfo` and `GET /id/{org}/{user}`. They refuse with 403 and a word, where the data API has 401. */
  identity(header: string | undefined, baseUrl: string): Answer {
    const refused = (text: string): Answer => ({ status: 403, text, contentType: 'text/plain;charset=UTF-8' });
    if (header === undefined) return refused('Missing_OAuth_Token');
    try {
      this.authenticate(header);
    } catch (error) {
      if (error instanceof SalesforceError) return refused('Bad_OAuth_Token');
      throw error;
    }
    const { orgId, userId, username } = this.#settings;
    return {
      status: 200,
      body: {
        sub: `${baseUrl}/id/${orgId}/${userId}`,
        id: `${baseUrl}/id/${orgId}/${userId}`,
        user_id: userId,
        organization_id: orgId,
        preferred_username: username,
        username,
        nickname: 'integration',
        name: 'Integration User',
        email: username,
        email_verified: true,
        given_name: 'Integration',
        family_name: 'User',
        zoneinfo: 'GMT',
        photos: {},
        profile: `${baseUrl}/${userId}`,
        picture: `${baseUrl}/profilephoto/005/F`,
        address: {},
        urls: { rest: `${baseUrl}/services/data/v{version}/` },
        active: true,
        user_type: 'STANDARD',
        language: 'en_US',
        locale: 'en_US',
        utcOffset: 0,
        updated_at: new Date(this.#clock.now()).toISOString(),
      },
    };
  }
}

function oauthError(error: string, description: string): Answer {
  return { status: 400, body: { error, error_description: description } };
}

function basicCredentials(header: string | undefined): { readonly id: string; readonly secret: string } | null {
  const encoded = /^Basic\s+(\S+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return null;
  const [, id = '', secret = ''] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? [];
  return { id: unescaped(id), secret: unescaped(secret) };
}

/** Some clients escape id and secret as in a form, some don't; what is no escape stays as it is. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function jsonOrNull(base64: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}
