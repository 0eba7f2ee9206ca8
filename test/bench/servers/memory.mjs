/** This project with a store that is kept in memory, which no setting of `dist/main.js` asks for. */
import process from 'node:process';

const { createApp, readConfig } = await import(process.argv[2]);
const app = await createApp(readConfig(process.env), { storeFile: ':memory:' });
process.stdout.write(`${await app.listen()}\n`);
process.once('SIGTERM', () => app.close());
