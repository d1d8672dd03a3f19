// The executable: hands the command line to the verbs, those in Commands and those of tools/Lab.
using HotStandby.CommandLine;
using HotStandby.Host.Commands;
using HotStandby.Lab.Cluster;
using HotStandby.Lab.Commands;

return await CommandTree.RunAsync(
    args, Terminal.OfProcess(isNode: args is ["run", ..]),
    (addresses, client) => new MooncakeMasterClient(addresses, client, AddressOption.Settings()));
