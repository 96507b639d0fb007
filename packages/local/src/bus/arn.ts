export const DEFAULT_BUS = 'default';

/** Names things of one account and region as EventBridge does. */
export interface Arns {
  bus(name: string): string;
  /** A rule on the default bus carries no bus name. */
  rule(busName: string, name: string): string;
  archive(name: string): string;
  replay(name: string): string;
  /** Where the managed rule of an archive delivers: EventBridge itself, without an account. */
  readonly archiver: string;
}

export function arns(account: string, region: string): Arns {
  const of = (resource: string) => `arn:aws:events:${region}:${account}:${resource}`;
  return {
    bus: (name) => of(`event-bus/${name}`),
    rule: (busName, name) => of(busName === DEFAULT_BUS ? `rule/${name}` : `rule/${busName}/${name}`),
    archive: (name) => of(`archive/${name}`),
    replay: (name) => of(`replay/${name}`),
    archiver: `arn:aws:events:${region}:::`,
  };
}

/** Every operation takes a bus by name or by ARN, and the default bus by nothing. */
export function busNameOf(nameOrArn: string | undefined): string {
  if (nameOrArn === undefined || nameOrArn === '') return DEFAULT_BUS;
  return nameOrArn.startsWith('arn:') ? (nameOrArn.split('event-bus/')[1] ?? nameOrArn) : nameOrArn;
}
