/**
 * An error as Salesforce words it. Outside the composite family it becomes `[{message, errorCode, fields?}]` with its
 * HTTP status; inside collections, trees and Bulk results it becomes one row's `{statusCode, message, fields}`.
 */
export class SalesforceError extends Error {
  override readonly name = 'SalesforceError';
  readonly status: number;
  readonly errorCode: string;
  /** `undefined` leaves the key out of the single-record body, as Salesforce does for some codes. */
  readonly fields: readonly string[] | undefined;

  constructor(status: number, errorCode: string, message: string, fields?: readonly string[], options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.errorCode = errorCode;
    this.fields = fields;
  }
}

export type RowError = {
  readonly statusCode: string;
  readonly message: string;
  readonly fields: readonly string[];
};

export function asRowError(error: SalesforceError): RowError {
  return { statusCode: error.errorCode, message: error.message, fields: error.fields ?? [] };
}

export function asErrorBody(error: SalesforceError): readonly Record<string, unknown>[] {
  const { message, errorCode, fields } = error;
  return [fields === undefined ? { message, errorCode } : { message, errorCode, fields }];
}

export const resourceNotFound = () => new SalesforceError(404, 'NOT_FOUND', 'The requested resource does not exist');

export const idNotFound = (id: string) =>
  new SalesforceError(404, 'NOT_FOUND', `Provided external ID field does not exist or is not accessible: ${id}`);

export const noSuchColumn = (column: string, object: string) =>
  new SalesforceError(400, 'INVALID_FIELD', `No such column '${column}' on sobject of type ${object}`);

export const foreignKeyNotFound = (value: string, field: string, object: string) =>
  new SalesforceError(
    400,
    'INVALID_FIELD',
    `Foreign key external ID: ${value} not found for field ${field} in entity ${object}`,
    [],
  );

export const notWriteable = (fields: readonly string[]) =>
  new SalesforceError(
    400,
    'INVALID_FIELD_FOR_INSERT_UPDATE',
    `Unable to create/update fields: ${fields.join(', ')}. Please check the security settings of this field and verify that it is read/write for your profile or permission set.`,
    fields,
  );

export const entityIsDeleted = () => new SalesforceError(404, 'ENTITY_IS_DELETED', 'entity is deleted', []);

export const invalidCrossReference = () =>
  new SalesforceError(400, 'INVALID_CROSS_REFERENCE_KEY', 'invalid cross reference id', []);

export const jsonParserError = (text: string) => new SalesforceError(400, 'JSON_PARSER_ERROR', text);
