// The executable: hands the command line to the verbs in Commands.
using HotStandby.Host.Cluster;
using HotStandby.Host.Commands;

return await CommandTree.RunAsync(
    args, Terminal.OfProcess(isNode: args is ["run", ..]),
    (addresses, client) => new MooncakeMasterClient(addresses, client, AddressOption.Settings()));
