using HotStandby.Mooncake.Client;

namespace HotStandby.Lab.Load;

/// <summary>What one caller of a load does again and again.</summary>
public interface ICaller
{
    /// <summary>One operation, from its first call to its last answer.</summary>
    /// <exception cref="LoadFailedException">An answer was an error.</exception>
    /// <exception cref="MasterRpcException">A call was not answered.</exception>
    ValueTask OperateAsync();
}

/// <summary>The master that serves now, for the calls of one operation.</summary>
/// <exception cref="MasterRpcException">No node serves.</exception>
public delegate ValueTask<MasterClient> MasterSource();
