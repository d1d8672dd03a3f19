using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Tests.Unit.Shards;

public sealed class PutStartRulesTests
{
    private readonly TestPrimary _shard = new();

    public static TheoryData<ReplicateConfig, ErrorCode> Configs => new()
    {
        { new ReplicateConfig { ReplicaCount = 0 }, ErrorCode.InvalidParams },
        { new ReplicateConfig { NofReplicaCount = 1 }, ErrorCode.InvalidParams },
        { new ReplicateConfig { DfsReplicaCount = 2 }, ErrorCode.InvalidParams },
        { new ReplicateConfig { DfsReplicaCount = 1 }, ErrorCode.DfsServiceUnavailable },
        { new ReplicateConfig { DfsReplicaCount = 1, NofReplicaCount = 1 }, ErrorCode.DfsServiceUnavailable },
        { new ReplicateConfig { DfsReplicaCount = 1, SoftPinTtlMilliseconds = 5 }, ErrorCode.DfsServiceUnavailable },
        { new ReplicateConfig { ReplicaCount = 0, DfsReplicaCount = 1 }, ErrorCode.InvalidParams },
        { new ReplicateConfig { ReplicaCount = 0, NofReplicaCount = 1 }, ErrorCode.InvalidParams },
        { new ReplicateConfig { SoftPinTtlMilliseconds = 5 }, ErrorCode.InvalidParams },
        { new ReplicateConfig { SoftPinAction = SoftPinAction.Disable, SoftPinTtlMilliseconds = 5 }, ErrorCode.InvalidParams },
        { new ReplicateConfig { SoftPinAction = SoftPinAction.Enable, SoftPinTtlMilliseconds = 86_400_001 }, ErrorCode.InvalidParams },
        { new ReplicateConfig { SoftPinAction = SoftPinAction.Enable, SoftPinTtlMilliseconds = 86_400_000 }, ErrorCode.Ok },
        { new ReplicateConfig { SoftPinAction = (SoftPinAction)3 }, ErrorCode.InvalidParams },
        { new ReplicateConfig { GroupIds = [] }, ErrorCode.InvalidParams },
        { new ReplicateConfig { GroupIds = ["a", "b"] }, ErrorCode.InvalidParams },
        { new ReplicateConfig { GroupIds = [new string('g', 65_536)] }, ErrorCode.InvalidParams },
        { new ReplicateConfig { GroupIds = [""] }, ErrorCode.Ok },
        { new ReplicateConfig { GroupIds = ["group"], HardPin = true, DataType = 9 }, ErrorCode.Ok },
    };

    [Theory]
    [MemberData(nameof(Configs))]
    public void PutStart_checks_its_config(ReplicateConfig config, ErrorCode expected)
    {
        Assert.Equal(expected, _shard.PutStart("k", config: config).Error);
        Assert.Equal(expected == ErrorCode.Ok ? 0 : 1, _shard.Released.Count);
        Assert.Equal(expected == ErrorCode.Ok ? 1 : 0, _shard.Pending);
    }

    [Fact]
    public void PutStart_refuses_no_key_no_size_and_a_key_that_is_too_long()
    {
        Assert.Equal(ErrorCode.InvalidParams, _shard.PutStart("").Error);
        Assert.Equal(ErrorCode.InvalidParams, _shard.PutStart("k", size: 0).Error);
        Assert.Equal(ErrorCode.InvalidParams, _shard.PutStart(new string('k', 4097)).Error);
        Assert.Equal(ErrorCode.Ok, _shard.PutStart(new string('k', 4096)).Error);
    }

    [Fact]
    public void PutStart_refuses_an_empty_key_of_a_tenant()
    {
        var call = new KeyedCall(null!, KeyedOperation.PutStart, [ObjectKey.From("tenant"u8, [])]) { Sizes = [1] };
        Assert.Equal(ErrorCode.InvalidParams, _shard.Execute(call)[0].Error);
    }

    [Fact]
    public void PutStart_refuses_a_file_system_to_any_but_the_default_tenant()
    {
        var call = new KeyedCall(null!, KeyedOperation.PutStart, [ObjectKey.From("tenant"u8, "k"u8)])
        {
            Sizes = [1], Config = new ReplicateConfig { DfsReplicaCount = 1 },
        };
        Assert.Equal(ErrorCode.InvalidParams, _shard.Execute(call)[0].Error);
    }

    [Fact]
    public void PutStart_refuses_every_item_when_keys_and_sizes_do_not_pair()
    {
        var call = new KeyedCall(null!, KeyedOperation.PutStart, [ObjectKey.From("a"), ObjectKey.From("b")]) { Sizes = [1] };
        Assert.All(_shard.Execute(call), result => Assert.Equal(ErrorCode.InvalidParams, result.Error));
    }

    [Fact]
    public void A_wrong_argument_is_told_before_anything_about_the_key()
    {
        _shard.Put("k");
        Assert.Equal(ErrorCode.InvalidParams, _shard.PutStart("k", size: 0).Error);
    }

    [Fact]
    public void Pins_data_type_and_group_are_kept()
    {
        var config = new ReplicateConfig
        {
            HardPin = true, SoftPinAction = SoftPinAction.Enable, SoftPinTtlMilliseconds = 7, DataType = 3, GroupIds = ["grüppe"],
        };
        _shard.PutStart("k", config: config);
        var record = _shard.State.Find(ObjectKey.From("k"))!;
        Assert.Equal((true, false, 7UL, (byte)3, true),
            (record.IsHardPinned, record.IsSoftPinned, record.SoftPinTtlMilliseconds, record.DataType,
                record.Group.SequenceEqual("grüppe"u8)));
        _shard.PutEnd("k");
        Assert.True(record.IsSoftPinned);
    }
}
