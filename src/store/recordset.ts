/** Many rows as one parameter of PostgreSQL. */
import { columnType } from './rows.js';

/** The parameter, a JSON array of objects, as a table with these columns. */
export function recordset(names: readonly string[], alias = 'given', parameter = 1): string {
  const columns = names.map((name) => `${name} ${columnType(name)}`);
  return `json_to_recordset($${parameter}::json) AS ${alias} (${columns.join(', ')})`;
}
