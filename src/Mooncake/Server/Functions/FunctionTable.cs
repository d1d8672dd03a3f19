// Every function that a master registers, with how it is served. The same for all generations: what differs between them is in
// the types of the messages.
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;

namespace HotStandby.Mooncake.Server.Functions;

/// <summary>From a function to its way through the door.</summary>
internal sealed class FunctionTable
{
    private static readonly FunctionTable Isolating = Build(new Tenancy(IsolatesTenants: true));
    private static readonly FunctionTable Joint = Build(new Tenancy(IsolatesTenants: false));

    private readonly ServedFunction?[] _functions = new ServedFunction?[Enum.GetValues<Rpc>().Length];

    /// <summary>All functions, for a cluster that understands tenants like this.</summary>
    public static FunctionTable For(Tenancy tenancy) => tenancy.IsolatesTenants ? Isolating : Joint;

    /// <summary>How a function is served; every function of every generation is.</summary>
    public ServedFunction this[Rpc rpc] => _functions[(int)rpc] ?? throw new KeyNotFoundException($"no function serves {rpc}");

    /// <summary>Serves a function.</summary>
    /// <exception cref="ArgumentException">It is served already.</exception>
    public void Add<TRequest, TCall>(Rpc rpc, CallMaker<TRequest> make, AnswerWriter<TCall> write)
        where TRequest : struct, IWireValue<TRequest>
        where TCall : MasterCall
    {
        if (_functions[(int)rpc] is not null)
            throw new ArgumentException($"{rpc} is served already", nameof(rpc));
        _functions[(int)rpc] = new ServedFunction<TRequest, TCall>(make, write);
    }

    private static FunctionTable Build(Tenancy tenancy)
    {
        var table = new FunctionTable();
        var scope = new TenantScope(tenancy);
        ServiceFunctions.AddTo(table);
        ReadFunctions.AddTo(table, scope);
        WriteFunctions.AddTo(table, scope);
        TransferFunctions.AddTo(table, scope);
        ScanFunctions.AddTo(table, scope);
        SegmentFunctions.AddTo(table);
        TaskFunctions.AddTo(table, scope);
        DiskFunctions.AddTo(table, scope);
        NotOfferedFunctions.AddTo(table);
        return table;
    }
}
