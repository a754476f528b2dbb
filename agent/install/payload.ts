/** What lies in the zip for Windows beside `install.cmd`, and so in the folder of the program. */

/** Files and folders by name; the key of the releases is there only where it was packed with one. */
export const payload = ['node.exe', 'agent.mjs', 'launch.mjs', 'sabha-agent.cmd', 'run.xml', 'room.xml', 'koffi', 'licences'] as const;
/** The public half of the key that signs releases. */
export const updateKey = 'update.pub';
