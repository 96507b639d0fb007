import type { Clock } from './clock.ts';
import { idAt } from './ids.ts';
import type { Stored } from './schema.ts';
import type { Store } from './store.ts';
import { wireDateTime } from './values.ts';

/** The rows every org has from its first day: itself and the user that integrations run as. */
export function seedStandardRows(
  store: Store,
  clock: Clock,
  who: { readonly orgId: string; readonly userId: string; readonly username: string },
): void {
  const stamp = wireDateTime(clock.now());
  const put = (object: string, id: string, values: Record<string, Stored>) => {
    if (store.table(object).get(id) !== undefined) return;
    const audit = { CreatedDate: stamp, LastModifiedDate: stamp, SystemModstamp: stamp };
    const by = { CreatedById: who.userId, LastModifiedById: who.userId };
    const row = { Id: id, IsDeleted: false, ...audit, ...by, ...values };
    store.write(object, { id, values: row, deleted: false, changedAt: clock.now() });
  };
  put('User', who.userId, {
    Username: who.username,
    FirstName: 'Integration',
    LastName: 'User',
    Name: 'Integration User',
    Alias: 'integ',
    Email: who.username,
    IsActive: true,
    UserType: 'Standard',
    TimeZoneSidKey: 'GMT',
    LocaleSidKey: 'en_US',
    LanguageLocaleKey: 'en_US',
  });
  put('Organization', who.orgId, {
    Name: 'Local Org',
    InstanceName: 'LOCAL',
    OrganizationType: 'Developer Edition',
    IsSandbox: false,
  });
  put('UserPermissionAccess', idAt('0P0', 1), {
    PermissionsApiEnabled: true,
    // Salesforce says no by false, never by null.
    ...{ PermissionsModifyAllData: false, PermissionsViewAllData: false, PermissionsManageUsers: false },
    ...{ PermissionsAuthorApex: false, PermissionsCustomizeApplication: false },
  });
  store.commit();
}
