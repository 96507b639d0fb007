import type { Answer } from './call.ts';

/**
 * The two SOAP addresses sf uses. Apex is not run: the answer says so in the debug log, in the form of a success, because
 * sf has no word for "this org cannot". Metadata goes over REST.
 */
export const APEX_NOTICE = 'This local org does not run Apex: nothing was executed.';

const ENVELOPE =
  'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';

export function answerSoap(path: string, text: string, isValid: (token: string) => boolean): Answer | null {
  const kind = /^\/services\/Soap\/([a-zA-Z])(?:\/|$)/i.exec(path)?.[1]?.toLowerCase();
  if (kind === undefined) return null;
  const token = /<(?:\w+:)?sessionId>([^<]+)</.exec(text)?.[1] ?? '';
  if (!isValid(token)) return fault('sf:INVALID_SESSION_ID', 'INVALID_SESSION_ID: Session expired or invalid');
  if (kind === 's' && text.includes('executeAnonymous')) return executeAnonymous();
  return fault('sf:FUNCTIONALITY_NOT_ENABLED', 'FUNCTIONALITY_NOT_ENABLED: this local org answers REST, not SOAP');
}

function executeAnonymous(): Answer {
  const text = `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope ${ENVELOPE} xmlns="http://soap.sforce.com/2006/08/apex"><soapenv:Header><DebuggingInfo><debugLog>66.0 APEX_CODE,DEBUG
00:00:00.0 (0)|USER_DEBUG|[1]|WARN|${APEX_NOTICE}</debugLog></DebuggingInfo></soapenv:Header><soapenv:Body><executeAnonymousResponse><result><column>-1</column><compileProblem xsi:nil="true"/><compiled>true</compiled><exceptionMessage xsi:nil="true"/><exceptionStackTrace xsi:nil="true"/><line>-1</line><success>true</success></result></executeAnonymousResponse></soapenv:Body></soapenv:Envelope>`;
  return { status: 200, text, contentType: 'text/xml;charset=UTF-8' };
}

function fault(code: string, message: string): Answer {
  const text = `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope ${ENVELOPE} xmlns:sf="urn:fault.partner.soap.sforce.com"><soapenv:Body><soapenv:Fault><faultcode>${code}</faultcode><faultstring>${message}</faultstring></soapenv:Fault></soapenv:Body></soapenv:Envelope>`;
  return { status: 500, text, contentType: 'text/xml;charset=UTF-8' };
}
