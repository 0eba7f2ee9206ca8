/** The same for `require`: Node 20.19 and newer load a module from CommonJS, so there is one copy of everything. */
import messaging = require('./index.js');
export = messaging;
