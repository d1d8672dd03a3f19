// Every function that a master registers, with how it is served. The same for all generations: what differs between them is in
// the types of the messages.
using HotStandby.Messages.Calls;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;

namespace HotStandby.Mooncake.Server.Functions;

/// <summary>From a function to its way through the door.</summary>
internal sealed class FunctionTable
{
    /// <summary>All functions.</summary>
    public static readonly FunctionTable All = Build();

    private readonly ServedFunction?[] _functions = new ServedFunction?[Enum.GetValues<Rpc>().Length];

    /// <summary>How a function is served; every function of every generation is.</summary>
    public ServedFunction this[Rpc rpc] => _functions[(int)rpc] ?? throw new KeyNotFoundException($"nobody serves {rpc}");

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

    private static FunctionTable Build()
    {
        var table = new FunctionTable();
        ServiceFunctions.AddTo(table);
        ReadFunctions.AddTo(table);
        WriteFunctions.AddTo(table);
        TransferFunctions.AddTo(table);
        ScanFunctions.AddTo(table);
        SegmentFunctions.AddTo(table);
        TaskFunctions.AddTo(table);
        NotOfferedFunctions.AddTo(table);
        return table;
    }
}
